export const up = true;
