import { plainLabels } from '../flow/readers.js';
import { TEXTS } from './amounts.js';
import { cel, celPart, TEXTS_RESULT, textsIn } from './expression.js';
import type { AccumulatorKind } from './kind.js';
import { STRING_SET } from './schema-types.js';
import { checkSetRoom, MAX_SET_VALUES, SetAccount } from './set-account.js';

type Members = {
  /** `labels`, `action`, or CEL that gives a text or a list of texts. */
  readonly set: string;
};

/** Keeps values: the labels of the results of actions, the names of actions, or the texts that CEL gives. */
export const set: AccumulatorKind<Members, readonly string[], SetAccount> = {
  name: 'set',
  shape: { set: cel.describe('`labels`, `action`, or CEL that gives a text or a list of texts: what is kept.') },
  expressions: ({ set: text }) => (text === 'labels' || text === 'action' ? [] : [celPart('set', text, TEXTS_RESULT)]),
  fold: ({ set: text }) => `set ${text}`,
  schemaType: () => STRING_SET,
  isOfLabels: ({ set: text }) => text === 'labels',
  amounts: TEXTS,
  account: (resolution) => new SetAccount(resolution),
  measure(name, { set: text }, run) {
    if (text === 'labels') return ({ labels }) => plainLabels(labels);
    if (text === 'action') return ({ action }) => [action];
    const work = run('set');
    return (event, result) => textsIn(name, 'set', work(event, result));
  },
  actual: () => undefined,
  checkRoom: (name, account, values, now) => checkSetRoom(name, account, values, now, MAX_SET_VALUES),
  countsPresent: false,
  show: (account, _present, now) => account.valuesAt(now),
};
