import { take } from './lock.js';
take();
