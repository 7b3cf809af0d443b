export function startOne() {}
