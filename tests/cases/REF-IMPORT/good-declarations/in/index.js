export {total} from './lib/total.js';
