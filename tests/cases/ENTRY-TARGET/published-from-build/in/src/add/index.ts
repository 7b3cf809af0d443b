export const add = 0;
