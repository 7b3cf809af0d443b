import {
  startOne,
  startAll,
} from './start.mjs'
startOne()
startAll()
