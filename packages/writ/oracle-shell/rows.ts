import { EVALUATED } from './rows-evaluated.js';
import { REACHED } from './rows-reached.js';
import { STARTED } from './rows-started.js';
import { STRUCTURE } from './rows-structure.js';
import type { Table } from './shown.js';

/** Written by hand: forms of the shell, and ways to get a program, a file or a host past a reader of the text. */
export const WRITTEN: Table = { ...STRUCTURE, ...EVALUATED, ...STARTED, ...REACHED };
