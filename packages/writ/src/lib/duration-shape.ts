import { z } from 'zod';

/** The shape of a duration in a setting, as people write it. */
export const durationShape = z
  .string()
  .regex(/^[1-9][0-9]{0,8}(ms|s|m|h|d)$/, 'a time is a number and ms, s, m, h or d, as in 30s');
