export {total} from './types/total.js';
export {Entry} from './types/entry.mjs';
