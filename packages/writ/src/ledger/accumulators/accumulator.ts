import { decimalUnits } from '../decimal.js';
import { LedgerError } from '../errors.js';
import { type LedgerEvent, NAMED_KEYS, type NamedKey } from '../event.js';
import { expression, type Part } from './expression.js';
import { type Window, windowOf } from './window.js';

/** An accumulator as a bundle declares it (docs/ledger.md). Exactly one of `set`, `distinct`, `sum` and `count`. */
export interface AccumulatorDeclaration {
  readonly key: string;
  /** `labels`, `action`, or CEL that gives a text or a list of texts. */
  readonly set?: string | undefined;
  /** CEL that gives a text or a list of texts: how many different ones. */
  readonly distinct?: string | undefined;
  /** CEL that gives a whole number. */
  readonly sum?: string | undefined;
  /** CEL over `result` as well: what a completed action really came to. The sum as it was asked for when it gives no amount. */
  readonly actual?: string | undefined;
  /** Whether the sum is a decimal number, of four fractional digits at most. */
  readonly decimal?: boolean | undefined;
  readonly count?: true | undefined;
  readonly on?: string | undefined;
  readonly window?: string | undefined;
}

/** A declared accumulator, ready to be used. */
export interface Accumulator {
  readonly name: string;
  readonly kind: 'set' | 'distinct' | 'sum';
  /** As it was declared. */
  readonly key: string;
  /** What it is: under which key it folds what. Two of one fold can go on with each other's accounts. */
  readonly fold: string;
  readonly window: Window;
  /** Whether it is a sum in ten-thousandths. */
  readonly isDecimal: boolean;
  /** Whether it holds the labels of results: these are known only when there is one. */
  readonly isOfLabels: boolean;
  /** @throws {LedgerError} when the expression fails, or gives no text and no whole number */
  keyOf(event: LedgerEvent): string;
  /** Whether it has one. */
  hasKey(event: LedgerEvent): boolean;
  /**
   * What the event would add; undefined when it does not count.
   *
   * @throws {LedgerError} when the expression fails, or gives what cannot be added
   */
  measure(event: LedgerEvent): readonly string[] | bigint | undefined;
  /** What it really came to, by its result; undefined when that does not say. */
  actual(event: LedgerEvent, result: unknown): bigint | undefined;
}

/** @throws {AccumulatorError} when an expression does not parse */
export function compileAccumulator(name: string, declaration: AccumulatorDeclaration): Accumulator {
  const { key, distinct, sum, count, on: condition } = declaration;
  const on = condition === undefined ? undefined : expression(name, 'on', condition);
  const counts = (event: LedgerEvent): boolean => {
    const holds = on === undefined ? true : on(event);
    if (typeof holds !== 'boolean')
      throw new LedgerError(`accumulator ${name}: \`on\` gave ${typeof holds}, not true or false`);
    return holds;
  };
  const amount = amountOf(name, declaration);
  const keyOf = keyFor(name, key);
  return {
    name,
    kind: sum !== undefined || count !== undefined ? 'sum' : distinct !== undefined ? 'distinct' : 'set',
    key,
    fold: foldOf(declaration),
    window: windowOf(declaration.window),
    isDecimal: declaration.decimal === true,
    isOfLabels: declaration.set === 'labels',
    keyOf,
    hasKey: (event) => {
      try {
        return keyOf(event) !== undefined;
      } catch (error) {
        if (error instanceof LedgerError) return false;
        throw error;
      }
    },
    measure: rememberingLast((event) => (counts(event) ? amount(event) : undefined)),
    actual: actualOf(name, declaration),
  };
}

/** A sum of something else goes on: a budget is not emptied by a change of how it is measured. Values of something else do not. */
function foldOf({ key, set, distinct, count, decimal }: AccumulatorDeclaration): string {
  const what = set !== undefined ? `set ${set}` : distinct !== undefined ? `distinct ${distinct}` : undefined;
  return `${what ?? (count !== undefined ? 'count' : decimal === true ? 'decimal sum' : 'sum')} by ${key}`;
}

/** A decision measures an event when it reads and when it reserves; between the two nothing runs. */
function rememberingLast<T>(measure: (event: LedgerEvent) => T): (event: LedgerEvent) => T {
  let last: LedgerEvent | undefined;
  let amount: T;
  return (event) => {
    if (event !== last) {
      last = undefined;
      amount = measure(event);
      last = event;
    }
    return amount;
  };
}

function keyFor(name: string, key: string): (event: LedgerEvent) => string {
  if ((NAMED_KEYS as readonly string[]).includes(key)) return ({ keys }) => keys[key as NamedKey];
  const run = expression(name, 'key', key);
  return (event) => {
    const value = run(event);
    // A number and the text of it are two keys.
    if (typeof value === 'string') return JSON.stringify(value);
    if (typeof value === 'bigint') return String(value);
    throw new LedgerError(`accumulator ${name}: \`key\` gave ${typeof value}, not a text or a whole number`);
  };
}

function amountOf(
  name: string,
  { set, distinct, sum, decimal }: AccumulatorDeclaration,
): (event: LedgerEvent) => readonly string[] | bigint {
  if (set === 'labels') return ({ labels }) => labels;
  if (set === 'action') return ({ action }) => [action];
  const values = set ?? distinct;
  if (values !== undefined) {
    const part = set === undefined ? 'distinct' : 'set';
    const run = expression(name, part, values);
    return (event) => textsIn(name, part, run(event));
  }
  const run = sum === undefined ? undefined : expression(name, 'sum', sum, decimal);
  if (run === undefined) return () => 1n;
  const read = decimal === true ? decimalUnits : wholeNumber;
  return (event) => read(name, run(event));
}

function actualOf(
  name: string,
  { actual, decimal }: AccumulatorDeclaration,
): (event: LedgerEvent, result: unknown) => bigint | undefined {
  if (actual === undefined) return () => undefined;
  const run = expression(name, 'actual', actual, decimal);
  const read = decimal === true ? decimalUnits : wholeNumber;
  return (event, result) => {
    try {
      return read(name, run(event, result));
    } catch (error) {
      if (error instanceof LedgerError) return undefined;
      throw error;
    }
  };
}

/** A negative amount would win back what was used up. */
function wholeNumber(name: string, value: unknown): bigint {
  if (typeof value === 'bigint' && value >= 0n) return value;
  throw new LedgerError(`accumulator ${name}: \`sum\` gave ${String(value)}, not a whole number from 0 up`);
}

function textsIn(name: string, part: Part, value: unknown): readonly string[] {
  const texts = Array.isArray(value) ? (value as unknown[]) : [value];
  if (texts.every((text) => typeof text === 'string')) return [...new Set(texts as string[])];
  throw new LedgerError(`accumulator ${name}: \`${part}\` did not give a text, or a list of texts`);
}
