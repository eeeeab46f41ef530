import { z } from 'zod';

const FORM = 'a time is a number and ms, s, m, h or d, as in 30s';

/** The shape of a duration in a setting, as people write it. */
export const durationShape = z
  .string({ error: ({ input }) => (input === undefined ? ', for example 30s' : FORM) })
  .regex(/^[1-9][0-9]{0,8}(ms|s|m|h|d)$/, { error: FORM, abort: true });
