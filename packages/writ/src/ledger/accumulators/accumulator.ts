import { syntaxOf, wordsIn } from '../cel-ast.js';
import { AccumulatorError, LedgerError } from '../errors.js';
import { type LedgerEvent, NAMED_KEYS, type NamedKey } from '../event.js';
import type { Account } from './account.js';
import type { Amounts, LedgerValue, Measured } from './amounts.js';
import { type CelPart, expression, KEY_RESULT, readsMore } from './expression.js';
import type { AccumulatorDeclaration } from './kind.js';
import { kindOf } from './kinds.js';
import { boundedAnswer, conditionPart, resultIntegrity } from './over-results.js';
import type { ResultIntegrity } from './result-integrity.js';
import { type Window, windowOf } from './window.js';

/** A declared accumulator, compiled. */
export interface Accumulator<A extends Measured = Measured, Of extends Account<A> = Account<A>> {
  readonly name: string;
  /** As it was declared. */
  readonly key: string;
  /** The kind, what it accumulates, and the key: an accumulator can continue the accounts of another with the same fold. */
  readonly fold: string;
  readonly window: Window;
  /** Whether an outcome can lower what a permit holds; false if enforcement points are not trusted with that. */
  readonly givesBack: boolean;
  /** Whether it holds the labels of results: these are known only when there is one. */
  readonly isOfLabels: boolean;
  readonly countsPresent: boolean;
  /**
   * Of an accumulator over results: the lowest integrity of the values of an answer that it sees. Nothing counts before the answer.
   * Undefined if it counts permits.
   */
  readonly resultIntegrity: ResultIntegrity | undefined;
  /** The words of its expressions over results, among them the names of members. */
  readonly resultWords: ReadonlySet<string>;
  readonly amounts: Amounts<A>;
  /** @throws {LedgerError} if the expression fails, or gives no text and no whole number */
  keyOf(event: LedgerEvent): string;
  /** Returns whether {@link keyOf} gives a key. */
  hasKey(event: LedgerEvent): boolean;
  /**
   * Returns the amount that the event adds; undefined if the event does not count.
   *
   * @throws {LedgerError} if an expression fails, or gives a value that cannot be added
   */
  measure(event: LedgerEvent): A | undefined;
  /** Returns the amount by the result of the action; undefined if the result does not give one. */
  actual(event: LedgerEvent, result: unknown): A | undefined;
  /**
   * Returns the amount of an accumulator over results; undefined if the result does not count.
   *
   * @throws {LedgerError} if an expression fails, or gives a value that cannot be added
   */
  answered(event: LedgerEvent, result: unknown): A | undefined;
  account(): Of;
  /** @throws {LedgerError} if the account would hold more than it may */
  checkRoom(account: Of, amount: A, now: number): void;
  show(account: Of, present: A | undefined, now: number): LedgerValue;
}

/** Compiles a declaration. @throws {AccumulatorError} if it is of no kind, or an expression cannot work */
export function compileAccumulator(name: string, declared: AccumulatorDeclaration): Accumulator {
  const kind = kindOf(name, declared);
  const parts = kind.expressions(declared);
  const integrity = resultIntegrity(name, declared, parts);
  const runs = new Map(parts.map((part) => [part.part, expression(name, part)]));
  const run = (part: string) => {
    const found = runs.get(part);
    if (found === undefined) throw new AccumulatorError(`accumulator ${name} has no expression \`${part}\``);
    return found;
  };
  const counts = conditionOf(name, declared);
  const amountOf = kind.measure(name, declared, run);
  const answered = (event: LedgerEvent, result: unknown): Measured | undefined =>
    counts(event, result) ? boundedAnswer(name, amountOf(event, result)) : undefined;
  const actualOf = kind.actual(name, declared, run);
  const keyOf = keyFor(name, declared.key);
  const window = windowOf(declared.window);
  return {
    name,
    key: declared.key,
    fold: `${kind.fold(declared)}${declared.integrity === undefined ? '' : ` of ${integrity} answers`} by ${declared.key}`,
    window,
    givesBack: declared.givesBack !== 'never',
    isOfLabels: kind.isOfLabels(declared),
    countsPresent: kind.countsPresent,
    resultIntegrity: integrity,
    resultWords: integrity === undefined ? NO_WORDS : wordsOf([conditionPart(declared), ...parts]),
    amounts: kind.amounts,
    keyOf,
    hasKey: (event) => unlessFailed(() => keyOf(event)) !== undefined,
    measure:
      integrity === undefined ? rememberingLast((event) => (counts(event) ? amountOf(event) : undefined)) : ofNoPermit,
    actual:
      integrity === undefined
        ? (event, result) => actualOf && unlessFailed(() => actualOf(event, result))
        : (event, result) => unlessFailed(() => answered(event, result)),
    answered,
    account: () => kind.account(window.resolution),
    checkRoom: (account, amount, now) => kind.checkRoom(name, account, amount, now),
    show: (account, present, now) => kind.show(account, present, now, declared),
  };
}

/** Returns the CEL of a declaration, except the condition. @throws {AccumulatorError} if it is not of exactly one kind */
export function expressionsOf(name: string, declared: AccumulatorDeclaration): readonly CelPart[] {
  const parts = kindOf(name, declared).expressions(declared);
  return isNamedKey(declared.key) ? parts : [keyPart(declared.key), ...parts];
}

const NO_WORDS: ReadonlySet<string> = new Set();

function wordsOf(parts: readonly (CelPart | undefined)[]): ReadonlySet<string> {
  const seeing = parts.flatMap((part) => (part?.seesResult === true ? [...wordsIn(syntaxOf(part.text))] : []));
  return new Set(seeing);
}

/** Returns whether an expression of a declaration names more of an action than its call. */
export function declarationReadsMore(name: string, declared: AccumulatorDeclaration): boolean {
  return [conditionPart(declared), ...expressionsOf(name, declared)].some((part) => part && readsMore(part));
}

/** An accumulator over results. */
function ofNoPermit(): undefined {
  return undefined;
}

function conditionOf(
  name: string,
  declared: AccumulatorDeclaration,
): (event: LedgerEvent, result?: unknown) => boolean {
  const part = conditionPart(declared);
  if (part === undefined) return ({ isOwn }) => !isOwn;
  const { text: on } = part;
  const run = expression(name, part);
  return (event, result) => {
    if (event.isOwn && !on.includes(`"${event.action}"`) && !on.includes(`'${event.action}'`)) return false;
    const holds = run(event, result);
    if (typeof holds === 'boolean') return holds;
    throw new LedgerError(`accumulator ${name}: \`on\` gave ${typeof holds}, not true or false`);
  };
}

function keyFor(name: string, key: string): (event: LedgerEvent) => string {
  if (isNamedKey(key)) return ({ keys }) => keys[key];
  const run = expression(name, keyPart(key));
  return (event) => {
    const value = run(event);
    // A number and its text are two keys.
    if (typeof value === 'string') return JSON.stringify(value);
    if (typeof value === 'bigint') return String(value);
    throw new LedgerError(`accumulator ${name}: \`key\` gave ${typeof value}, not a text or a whole number`);
  };
}

function isNamedKey(key: string): key is NamedKey {
  return (NAMED_KEYS as readonly string[]).includes(key);
}

function keyPart(text: string): CelPart {
  return { part: 'key', text, gives: KEY_RESULT, seesResult: false };
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

function unlessFailed<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
