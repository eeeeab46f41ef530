import { z } from 'zod';
import { type Seconds, seconds } from '../../lib/units.js';

const FORM = 'a lifetime is a number and s or m, as in 5m';

/** How long a token lives: past an hour the keys of the service may have been rotated out. */
export const lifetimeShape = z
  .string({ error: ({ input }) => (input === undefined ? ', for example 5m' : FORM) })
  .regex(/^[1-9][0-9]*(s|m)$/, { error: FORM, abort: true })
  .refine((text) => secondsOf(text) <= 3_600, { message: 'a token lives for an hour at most' });

/** `5m` in seconds. */
export function secondsOf(lifetime: string): Seconds {
  return seconds(Number(lifetime.slice(0, -1)) * (lifetime.endsWith('m') ? 60 : 1));
}
