export function total(): number;
