import { a, b as other, type Shape, Kind } from './names.js'
import { run } from './old.js'
import { more } from './barrel.js'
console.log(a, other, Kind.One, run, more)
