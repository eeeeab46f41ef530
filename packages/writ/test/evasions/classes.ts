import { ECHO } from './echo.js';
import { ENCODINGS } from './encodings.js';
import type { EvasionClass } from './evasion.js';
import { LATE_ANSWERS } from './late-answers.js';
import { NAMES } from './names.js';
import { NUMBERS } from './numbers.js';
import { OTHER_AGENTS } from './other-agents.js';
import { RESTARTS } from './restarts.js';
import { SIDE_CHANNELS } from './side-channels.js';
import { STORES } from './stores.js';
import { SUB_AGENTS } from './sub-agents.js';
import { SYMBOLS } from './symbols.js';
import { TASKS } from './tasks.js';

/** A file for each class. */
export const CLASSES: readonly EvasionClass[] = [
  ...[STORES, ECHO, ENCODINGS, NAMES, NUMBERS, SYMBOLS],
  ...[SUB_AGENTS, OTHER_AGENTS, RESTARTS, LATE_ANSWERS, SIDE_CHANNELS, TASKS],
];
