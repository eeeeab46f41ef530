import { z } from 'zod';
import { WHOLE_NUMBERS } from './amounts.js';
import type { AccumulatorKind } from './kind.js';
import { LONG } from './schema-types.js';
import { SumAccount } from './sum-account.js';

/** Counts actions. */
export const count: AccumulatorKind<{ readonly count: true }, bigint, SumAccount> = {
  name: 'count',
  shape: { count: z.literal(true).describe('Counts the actions.') },
  expressions: () => [],
  fold: () => 'count',
  schemaType: () => LONG,
  isOfLabels: () => false,
  amounts: WHOLE_NUMBERS,
  account: (resolution) => new SumAccount(resolution),
  measure: () => () => 1n,
  actual: () => undefined,
  checkRoom() {},
  countsPresent: true,
  show: (account, present = 0n, now) => account.valueAt(now) + present,
};
