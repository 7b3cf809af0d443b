import { A } from './b.mjs';
new A();
new Tracker();
