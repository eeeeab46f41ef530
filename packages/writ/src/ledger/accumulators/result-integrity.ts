import type { Integrity } from '../flow/labels.js';

/** The integrity that a value of an answer can have: no answer is the user's. */
export const RESULT_INTEGRITY = ['external', 'attested', 'internal', 'system'] as const satisfies readonly Integrity[];
export type ResultIntegrity = (typeof RESULT_INTEGRITY)[number];

/** The lowest integrity that accumulators over results see by default: others may have written a value that is worth less. */
export const USUAL_INTEGRITY: ResultIntegrity = 'internal';
