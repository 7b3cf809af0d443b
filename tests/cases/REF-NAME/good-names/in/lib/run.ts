import { a, b as other, type Shape, Kind } from './names.js'
import { run } from './old.js'
import { more } from './barrel.js'
import { inline, first, renamed } from './names.js'
import { one, two } from './several.js'
console.log(a, other, Kind.One, run, more, inline, first, renamed, one, two)
