import { take } from './Lock.js';
take();
