import B, { A as C, D } from './b.mjs';
import * as E from './b.mjs';
const { F, G: H } = E;
class I {}
function J() {}
let K = class {};
export function k({ L }, M = I) { return [new L(), new M(), new E.N()]; }
new B(); new C(); new D(); new F(); new H(); new I(); new J(); new K();
new Map(); new URL('x:y'); new AbortController();
try { new Set(); } catch (O) { new O(); }
