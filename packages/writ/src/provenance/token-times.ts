import { seconds } from '../lib/units.js';

/** The most that clocks may differ. */
export const CLOCK_SKEW_S = seconds(30);
/** The time that a retired key still verifies: the longest life of a token, and the most that clocks may differ. */
export const KEY_OVERLAP_MS = (60 * 60 + CLOCK_SKEW_S) * 1_000;
