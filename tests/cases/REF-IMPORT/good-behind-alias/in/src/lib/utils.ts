export const cn = (...x: string[]) => x.join(" ");
