import { TEXTS } from './amounts.js';
import { cel, celPart, TEXTS_RESULT, textsIn } from './expression.js';
import type { AccumulatorKind } from './kind.js';
import { LONG } from './schema-types.js';
import { checkSetRoom, SetAccount } from './set-account.js';

type Members = {
  /** CEL that gives a text or a list of texts. */
  readonly distinct: string;
};

/** More than a set has: no policy is handed the values. */
const MAX_VALUES = 100_000;

/** Counts different values. */
export const distinct: AccumulatorKind<Members, readonly string[], SetAccount> = {
  name: 'distinct',
  shape: { distinct: cel.describe('CEL that gives a text or a list of texts: how many different ones there are.') },
  expressions: ({ distinct: text }) => [celPart('distinct', text, TEXTS_RESULT)],
  fold: ({ distinct: text }) => `distinct ${text}`,
  schemaType: () => LONG,
  isOfLabels: () => false,
  amounts: TEXTS,
  account: (resolution) => new SetAccount(resolution),
  measure(name, _members, run) {
    const work = run('distinct');
    return (event, result) => textsIn(name, 'distinct', work(event, result));
  },
  actual: () => undefined,
  checkRoom: (name, account, values, now) => checkSetRoom(name, account, values, now, MAX_VALUES),
  countsPresent: true,
  show: (account, present, now) => BigInt(account.sizeAt(now, present)),
};
