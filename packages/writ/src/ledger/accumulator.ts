import { Environment } from '@marcbachmann/cel-js';
import { AccumulatorError, LedgerError } from './errors.js';

/** An accumulator as a bundle declares it (design section 5). */
export interface AccumulatorDeclaration {
  readonly key: 'task' | 'actor' | 'originator' | 'resource';
  readonly set?: 'labels' | 'action' | undefined;
  readonly sum?: string | undefined;
  readonly count?: true | undefined;
  readonly on?: string | undefined;
  readonly window?: string | undefined;
}

/** An action as the ledger sees it. */
export interface LedgerEvent {
  readonly action: string;
  readonly input: unknown;
  readonly keys: {
    readonly task: string;
    readonly actor: string;
    readonly originator: string;
    readonly resource: string;
  };
  /** The labels that the action's result would bring. */
  readonly labels: readonly string[];
}

/** A declared accumulator, ready to be used. */
export interface Accumulator {
  readonly name: string;
  readonly kind: 'set' | 'sum';
  /** What it is: under which key it folds what. */
  readonly fold: string;
  readonly windowMs: number;
  keyOf(event: LedgerEvent): string;
  /**
   * What the event would add; undefined when it does not count.
   *
   * @throws {LedgerError} when the expression fails or does not give a whole number
   */
  measure(event: LedgerEvent): readonly string[] | bigint | undefined;
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const cel = new Environment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true });

/** @throws {AccumulatorError} when an expression does not parse */
export function compileAccumulator(name: string, declaration: AccumulatorDeclaration): Accumulator {
  const on = declaration.on === undefined ? undefined : expression(name, 'on', declaration.on);
  const amount = declaration.sum === undefined ? undefined : expression(name, 'sum', declaration.sum);
  const counts = (event: LedgerEvent): boolean => {
    const holds = on === undefined ? true : on(event);
    if (typeof holds !== 'boolean')
      throw new LedgerError(`accumulator ${name}: \`on\` gave ${typeof holds}, not true or false`);
    return holds;
  };
  return {
    name,
    kind: declaration.set === undefined ? 'sum' : 'set',
    fold: foldOf(declaration),
    windowMs: declaration.window === undefined ? Number.POSITIVE_INFINITY : windowMs(declaration.window),
    keyOf: (event) => event.keys[declaration.key],
    measure(event) {
      if (!counts(event)) return undefined;
      if (declaration.set === 'labels') return event.labels;
      if (declaration.set === 'action') return [event.action];
      return amount === undefined ? 1n : wholeNumber(name, amount(event));
    },
  };
}

/** Two declarations of one fold can go on with each other's account. */
export function foldOf({ key, set, count }: AccumulatorDeclaration): string {
  return `${key} ${set === undefined ? (count === undefined ? 'sum' : 'count') : `set ${set}`}`;
}

function windowMs(window: string): number {
  return Number(window.slice(0, -1)) * UNIT_MS[window.slice(-1) as keyof typeof UNIT_MS];
}

function expression(name: string, part: string, text: string): (event: LedgerEvent) => unknown {
  let run: ReturnType<typeof cel.parse>;
  try {
    run = cel.parse(text);
  } catch (error) {
    throw new AccumulatorError(`accumulator ${name}: \`${part}\` is not CEL: ${firstLine(error)}`);
  }
  return (event) => {
    try {
      return run({ action: event.action, input: celValue(event.input) });
    } catch (error) {
      throw new LedgerError(`accumulator ${name}: \`${part}\` failed: ${firstLine(error)}`);
    }
  };
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

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
