import chalk from 'chalk/x';
import { x } from '@app/x';
import y from '~/y';
import type { Node } from 'estree';
import fs from 'node:fs';
import { readFile } from 'fs/promises';
import self from 'tracker';
// import z from 'zod';
let opt;
try { opt = require('fsevents'); } catch { opt = null; }
