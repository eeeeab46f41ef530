import { z } from 'zod';
import { type Seconds, seconds } from '../../lib/units.js';

/** How long a token lives: past an hour the keys of the service may have been rotated out. */
export const lifetimeShape = z
  .string()
  .regex(/^[1-9][0-9]*(s|m)$/, 'a lifetime is a number and s or m, as in 5m')
  .refine((text) => secondsOf(text) <= 3_600, { message: 'a token lives for an hour at most' });

/** `5m` in seconds. */
export function secondsOf(lifetime: string): Seconds {
  return seconds(Number(lifetime.slice(0, -1)) * (lifetime.endsWith('m') ? 60 : 1));
}
