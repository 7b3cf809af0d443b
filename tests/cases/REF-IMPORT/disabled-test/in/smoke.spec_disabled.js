import { total } from '../src/total.js';
console.log(total);
