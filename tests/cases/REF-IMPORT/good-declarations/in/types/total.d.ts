import {Entry} from './entry.mjs';
export function total(list: Entry[]): number;
