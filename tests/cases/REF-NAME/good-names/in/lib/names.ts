const a = 1, c = 2
export { a, c as b }
export interface Shape { x: number }
export const enum Kind { One }
