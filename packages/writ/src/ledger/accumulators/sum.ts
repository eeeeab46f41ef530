import { z } from 'zod';
import { decimalText, decimalUnits } from '../decimal.js';
import { LedgerError } from '../errors.js';
import { WHOLE_NUMBERS } from './amounts.js';
import { cel, celPart, DECIMAL_RESULT, WHOLE_RESULT } from './expression.js';
import type { AccumulatorKind } from './kind.js';
import { DECIMAL, LONG } from './schema-types.js';
import { SumAccount } from './sum-account.js';

type Members = {
  /** CEL that gives a whole number, or a decimal one. */
  readonly sum: string;
  /** CEL over `result` also: the amount of a completed action. `sum` counts if it gives no amount. */
  readonly actual?: string | undefined;
  /** Whether the sum is a decimal number of at most four fractional digits. */
  readonly decimal?: true | undefined;
};

/** Adds up amounts. */
export const sum: AccumulatorKind<Members, bigint, SumAccount> = {
  name: 'sum',
  shape: {
    sum: cel.describe('CEL that gives a whole number, or a decimal one: what is added up.'),
    actual: cel.describe('CEL over `result` also: the amount of a completed action. `sum` counts if it gives none.'),
    decimal: z.literal(true).describe('The sum is a decimal number of at most four fractional digits.'),
  },
  expressions({ sum: text, actual, decimal }) {
    const gives = decimal === true ? DECIMAL_RESULT : WHOLE_RESULT;
    const asked = celPart('sum', text, gives);
    return actual === undefined ? [asked] : [asked, { part: 'actual', text: actual, gives, seesResult: true }];
  },
  // A budget is not emptied by a change of the expression that measures it.
  fold: ({ decimal }) => (decimal === true ? 'decimal sum' : 'sum'),
  schemaType: ({ decimal }) => (decimal === true ? DECIMAL : LONG),
  isOfLabels: () => false,
  amounts: WHOLE_NUMBERS,
  account: (resolution) => new SumAccount(resolution),
  measure(name, { decimal }, run) {
    const [work, read] = [run('sum'), readerOf(decimal)];
    return (event, result) => read(name, work(event, result));
  },
  actual(name, { actual, decimal }, run) {
    if (actual === undefined) return undefined;
    const [work, read] = [run('actual'), readerOf(decimal)];
    return (event, result) => read(name, work(event, result));
  },
  checkRoom() {},
  countsPresent: true,
  show(account, present = 0n, now, { decimal }) {
    const total = account.valueAt(now) + present;
    return decimal === true ? decimalText(total) : total;
  },
};

function readerOf(decimal: true | undefined): (name: string, value: unknown) => bigint {
  return decimal === true ? decimalUnits : wholeNumber;
}

/** A negative amount would win back what was used up. */
function wholeNumber(name: string, value: unknown): bigint {
  if (typeof value === 'bigint' && value >= 0n) return value;
  throw new LedgerError(`accumulator ${name}: \`sum\` gave ${String(value)}, not a whole number from 0 up`);
}
