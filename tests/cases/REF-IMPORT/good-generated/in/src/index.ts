import { PAGE } from './_assets.js';
import { texts } from './messages';
console.log(PAGE, texts);
