import {parse} from '../native/parser.js';
console.log(parse('x'));
