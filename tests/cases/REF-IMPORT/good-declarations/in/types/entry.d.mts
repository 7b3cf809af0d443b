export interface Entry { name: string }
