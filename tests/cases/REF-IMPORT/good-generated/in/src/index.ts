import { PAGE } from './_assets.js';
import { texts } from './messages';
import { Entry } from './proto';
console.log(PAGE, texts, Entry);
