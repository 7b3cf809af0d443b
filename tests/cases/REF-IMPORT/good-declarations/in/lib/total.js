export const total = list => list.length;
