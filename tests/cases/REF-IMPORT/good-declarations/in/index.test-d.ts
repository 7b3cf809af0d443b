import {total} from './index.js';
total([]);
