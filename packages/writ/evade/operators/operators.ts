import { ACTS } from './acts.js';
import { ECHOES } from './echoes.js';
import type { Operator } from './operator.js';
import { SOURCES } from './sources.js';
import { STEPS } from './steps.js';

/** All ways to change an attack. */
export const OPERATORS: readonly Operator[] = [...ACTS, ...SOURCES, ...STEPS, ...ECHOES];
