import x from './x.js';
import y from './dir';
import type { Z } from './gone';
import './style.css?inline';
export * from './x';
const opt = await import('./opt.js').catch(() => null);
