const a = 1, c = 2
export { a, c as b }
export interface Shape { x: number }
export const enum Kind { One }
/** in one line */ export const inline = 1
export const {
  first,
  second: renamed,
} = pair()
function pair() { return { first: 1, second: 2 } }
