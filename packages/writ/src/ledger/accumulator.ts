import { Environment } from '@marcbachmann/cel-js';
import { AccumulatorError, LedgerError } from './errors.js';
import { type Window, windowOf } from './window.js';

/** The keys that have a name of their own; any other is a CEL expression. */
const KEYS = ['task', 'actor', 'originator', 'resource', 'session'] as const;
export type NamedKey = (typeof KEYS)[number];

/** An accumulator as a bundle declares it (design section 5). Exactly one of `set`, `distinct`, `sum` and `count`. */
export interface AccumulatorDeclaration {
  readonly key: string;
  /** `labels`, `action`, or CEL that gives a text or a list of texts. */
  readonly set?: string | undefined;
  /** CEL that gives a text or a list of texts: how many different ones. */
  readonly distinct?: string | undefined;
  /** CEL that gives a whole number. */
  readonly sum?: string | undefined;
  readonly count?: true | undefined;
  readonly on?: string | undefined;
  readonly window?: string | undefined;
}

/** An action as the ledger sees it. */
export interface LedgerEvent {
  readonly action: string;
  readonly input: unknown;
  readonly resource: { readonly type: string; readonly id: string };
  /** Whose work it is in the end. */
  readonly lineage: string;
  readonly keys: Readonly<Record<NamedKey, string>>;
  /** The labels that the action's result would bring. */
  readonly labels: readonly string[];
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
  /** @throws {LedgerError} when the expression fails, or gives no text and no whole number */
  keyOf(event: LedgerEvent): string;
  /**
   * What the event would add; undefined when it does not count.
   *
   * @throws {LedgerError} when the expression fails, or gives what cannot be added
   */
  measure(event: LedgerEvent): readonly string[] | bigint | undefined;
}

/** A name that is none of these is a typing error, and found before it denies everything. */
const cel = new Environment({ unlistedVariablesAreDyn: false, enableOptionalTypes: true })
  .registerVariable('action', 'string')
  .registerVariable('actor', 'string')
  .registerVariable('originator', 'string')
  .registerVariable('lineage', 'string')
  .registerVariable('resource', 'map<string, string>')
  .registerVariable('input', 'dyn');

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
  return {
    name,
    kind: sum !== undefined || count !== undefined ? 'sum' : distinct !== undefined ? 'distinct' : 'set',
    key,
    fold: foldOf(declaration),
    window: windowOf(declaration.window),
    keyOf: keyFor(name, key),
    measure: rememberingLast((event) => (counts(event) ? amount(event) : undefined)),
  };
}

/** A sum of something else goes on: a budget is not emptied by a change of how it is measured. Values of something else do not. */
function foldOf({ key, set, distinct, count }: AccumulatorDeclaration): string {
  const what = set !== undefined ? `set ${set}` : distinct !== undefined ? `distinct ${distinct}` : undefined;
  return `${what ?? (count === undefined ? 'sum' : 'count')} by ${key}`;
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
  if ((KEYS as readonly string[]).includes(key)) return ({ keys }) => keys[key as NamedKey];
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
  { set, distinct, sum }: AccumulatorDeclaration,
): (event: LedgerEvent) => readonly string[] | bigint {
  if (set === 'labels') return ({ labels }) => labels;
  if (set === 'action') return ({ action }) => [action];
  const values = set ?? distinct;
  if (values !== undefined) {
    const part = set === undefined ? 'distinct' : 'set';
    const run = expression(name, part, values);
    return (event) => textsIn(name, part, run(event));
  }
  const run = sum === undefined ? undefined : expression(name, 'sum', sum);
  return run === undefined ? () => 1n : (event) => wholeNumber(name, run(event));
}

type Part = 'key' | 'on' | 'sum' | 'set' | 'distinct';
/** The types of CEL that each part may give; `dyn` is what comes from an argument, and is looked at when it is there. */
const TYPES: Readonly<Record<Part, RegExp>> = {
  key: /^(string|int|dyn)$/,
  on: /^(bool|dyn)$/,
  sum: /^(int|dyn)$/,
  set: /^(string|list<(string|dyn)>|list|dyn)$/,
  distinct: /^(string|list<(string|dyn)>|list|dyn)$/,
};
const MEANT: Readonly<Record<Part, string>> = {
  key: 'a text or a whole number',
  on: 'true or false',
  sum: 'a whole number',
  set: 'a text or a list of texts',
  distinct: 'a text or a list of texts',
};

function expression(name: string, part: Part, text: string): (event: LedgerEvent) => unknown {
  let run: ReturnType<typeof cel.parse>;
  try {
    run = cel.parse(text);
  } catch (error) {
    throw new AccumulatorError(`accumulator ${name}: \`${part}\` is not CEL: ${firstLine(error)}`);
  }
  const { valid, error: wrong, type = 'dyn' } = run.check();
  if (!valid) throw new AccumulatorError(`accumulator ${name}: \`${part}\`: ${firstLine(wrong)}`);
  if (!TYPES[part].test(type))
    throw new AccumulatorError(`accumulator ${name}: \`${part}\` gives ${type}`, `it must give ${MEANT[part]}`);
  return (event) => {
    try {
      return run(variablesOf(event));
    } catch (error) {
      throw new LedgerError(`accumulator ${name}: \`${part}\` failed: ${firstLine(error)}`);
    }
  };
}

/** Twenty expressions look at one event, some twice. */
const variables = new WeakMap<LedgerEvent, Record<string, unknown>>();

function variablesOf(event: LedgerEvent): Record<string, unknown> {
  let known = variables.get(event);
  if (known === undefined) {
    const { action, input, resource, lineage, keys } = event;
    const { actor, originator } = keys;
    known = { action, actor, originator, lineage, resource: celValue(resource), input: celValue(input) };
    variables.set(event, known);
  }
  return known;
}

/** CEL has integers of its own; a JSON number that is one becomes one. */
function celValue(value: unknown): unknown {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(celValue);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, celValue(item)]));
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

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
