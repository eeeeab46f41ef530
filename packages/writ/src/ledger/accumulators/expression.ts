import { Environment } from '@marcbachmann/cel-js';
import { celValue, firstLine } from '../cel.js';
import { total } from '../decimal.js';
import { AccumulatorError, LedgerError } from '../errors.js';
import type { LedgerEvent } from '../event.js';

/** Expressions over an action, in CEL: what they may name, which type they give, and their values. */

/**
 * A name that is none of these is a typing error, and found before it denies everything.
 *
 * @param input the type of the arguments; they can be anything when it is not given
 */
export function environment(input?: CelRecord): Environment {
  const known = new Environment({ unlistedVariablesAreDyn: false, enableOptionalTypes: true })
    .registerVariable('action', 'string')
    .registerVariable('actor', 'string')
    .registerVariable('originator', 'string')
    .registerVariable('lineage', 'string')
    .registerVariable('resource', 'map<string, string>')
    .registerVariable('effects', 'list<string>')
    .registerVariable('destinations', 'list<string>')
    .registerVariable('targets', 'list<string>')
    .registerVariable('amount', 'dyn');
  return input === undefined
    ? known.registerVariable('input', 'dyn')
    : known.registerVariable({ name: 'input', schema: input });
}

/** The members of a record, by their CEL type. */
export interface CelRecord {
  readonly [name: string]: string | CelRecord;
}

const before = environment();
/** Once there is a result. */
const after = environment().registerVariable('result', 'dyn');

export type Part = 'key' | 'on' | 'sum' | 'actual' | 'set' | 'distinct';
/** The types of CEL that each part may give; `dyn` is what comes from an argument, and is looked at when it is there. */
export const TYPES: Readonly<Record<Part, RegExp>> = {
  key: /^(string|int|dyn)$/,
  on: /^(bool|dyn)$/,
  sum: /^(int|dyn)$/,
  actual: /^(int|dyn)$/,
  set: /^(string|list<(string|dyn)>|list|dyn)$/,
  distinct: /^(string|list<(string|dyn)>|list|dyn)$/,
};
export const MEANT: Readonly<Record<Part, string>> = {
  key: 'a text or a whole number',
  on: 'true or false',
  sum: 'a whole number, unless the sum is `decimal`',
  actual: 'a whole number, unless the sum is `decimal`',
  set: 'a text or a list of texts',
  distinct: 'a text or a list of texts',
};

/** @throws {AccumulatorError} when it does not parse, or gives another type */
export function expression(
  name: string,
  part: Part,
  text: string,
  isDecimal = false,
): (event: LedgerEvent, result?: unknown) => unknown {
  let run: ReturnType<typeof before.parse>;
  try {
    run = (part === 'actual' ? after : before).parse(text);
  } catch (error) {
    throw new AccumulatorError(`accumulator ${name}: \`${part}\` is not CEL: ${firstLine(error)}`);
  }
  const { valid, error: wrong, type = 'dyn' } = run.check();
  if (!valid) throw new AccumulatorError(`accumulator ${name}: \`${part}\`: ${firstLine(wrong)}`);
  if (!TYPES[part].test(type) && !(isDecimal && type === 'double'))
    throw new AccumulatorError(`accumulator ${name}: \`${part}\` gives ${type}`, `it must give ${MEANT[part]}`);
  const given = /(?<![.\w])(destinations|targets|amount)\b/.test(text) ? variablesOfCall : variablesOf;
  const work = (context: Record<string, unknown>): unknown => {
    try {
      return run(context);
    } catch (error) {
      throw new LedgerError(`accumulator ${name}: \`${part}\` failed: ${firstLine(error)}`);
    }
  };
  return (event, result) => {
    if (part === 'actual') return work({ ...given(event), result: celValue(result) });
    const { results } = workedOut(event);
    let value = results.get(text);
    if (value === undefined) {
      value = work(given(event));
      results.set(text, value);
    }
    return value;
  };
}

/**
 * What was worked out of an event. Many accumulators ask the same of one, one after another, so the last is enough; a weak map of all
 * would keep each until the next full collection.
 */
interface Worked {
  readonly event: LedgerEvent;
  readonly results: Map<string, unknown>;
  variables?: Record<string, unknown>;
  ofCall?: Record<string, unknown>;
}
let last: Worked | undefined;

function workedOut(event: LedgerEvent): Worked {
  if (last?.event !== event) last = { event, results: new Map() };
  return last;
}

const NOTHING: readonly string[] = [];

function variablesOf(event: LedgerEvent): Record<string, unknown> {
  const worked = workedOut(event);
  worked.variables ??= makeVariables(event);
  return worked.variables;
}

function makeVariables({ action, input, resource, lineage, keys, effects = [] }: LedgerEvent): Record<string, unknown> {
  const { actor, originator } = keys;
  return {
    action,
    actor,
    originator,
    lineage,
    effects,
    destinations: NOTHING,
    targets: NOTHING,
    amount: 0n,
    resource: celValue(resource),
    input: celValue(input),
  };
}

/** With what is known of its arguments by their roles; few expressions look at that. */
function variablesOfCall(event: LedgerEvent): Record<string, unknown> {
  const worked = workedOut(event);
  const { call } = event;
  worked.ofCall ??= {
    ...variablesOf(event),
    destinations: call?.valuesOf('destination').map(String) ?? [],
    targets: call?.valuesOf('target').map(String) ?? [],
    amount: celValue(total(call?.valuesOf('amount') ?? [])),
  };
  return worked.ofCall;
}
