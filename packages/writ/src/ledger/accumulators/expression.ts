import { Environment } from '@marcbachmann/cel-js';
import { z } from 'zod';
import { celValue, firstLine } from '../cel.js';
import { names } from '../cel-ast.js';
import { total } from '../decimal.js';
import { AccumulatorError, LedgerError } from '../errors.js';
import type { LedgerEvent } from '../event.js';

/** CEL over an action: the variables, the types of results, and the values. */

/** The shape of CEL in `ledger.yaml`. */
export const cel = z.string().min(1);

/** An expression of a declaration. */
export interface CelPart {
  /** The member of the declaration. */
  readonly part: string;
  readonly text: string;
  readonly gives: CelResult;
  /** Whether it runs when the action has a result, and can name `result`. */
  readonly seesResult: boolean;
}

/** The CEL types that an expression may give. `dyn` comes from an argument, and is checked when there is a value. */
interface CelResult {
  readonly types: RegExp;
  /** For messages. */
  readonly meaning: string;
}

export const KEY_RESULT: CelResult = { types: /^(string|int|dyn)$/, meaning: 'a text or a whole number' };
export const CONDITION_RESULT: CelResult = { types: /^(bool|dyn)$/, meaning: 'true or false' };
export const WHOLE_RESULT: CelResult = {
  types: /^(int|dyn)$/,
  meaning: 'a whole number, unless the sum is `decimal`',
};
export const DECIMAL_RESULT: CelResult = { types: /^(int|double|dyn)$/, meaning: 'a number' };
export const TEXTS_RESULT: CelResult = {
  types: /^(string|list<(string|dyn)>|list|dyn)$/,
  meaning: 'a text or a list of texts',
};

/** The members of a record, by their CEL type. */
export interface CelRecord {
  readonly [name: string]: string | CelRecord;
}

/**
 * Returns the environment of expressions. It knows every variable, so that a typing error is found before it denies every action.
 *
 * @param input the types of the arguments; undefined if they can be anything
 */
export function environment(input: CelRecord | undefined): Environment {
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

const beforeResult = environment(undefined);
const withResult = environment(undefined).registerVariable('result', 'dyn');

/** Runs an expression. @throws {LedgerError} if it fails */
export type RunPart = (event: LedgerEvent, result?: unknown) => unknown;

/** The variables that are made only for the expressions that name one: few do. */
const OF_CALL = ['destinations', 'targets', 'amount', 'resource'];

/** Compiles an expression. @throws {AccumulatorError} if it does not parse, or gives another type */
export function expression(name: string, { part, text, gives, seesResult }: CelPart): RunPart {
  let run: ReturnType<Environment['parse']>;
  try {
    run = (seesResult ? withResult : beforeResult).parse(text);
  } catch (error) {
    throw new AccumulatorError(`accumulator ${name}: \`${part}\` is not CEL: ${firstLine(error)}`);
  }
  const { valid, error: wrong, type = 'dyn' } = run.check();
  if (!valid) throw new AccumulatorError(`accumulator ${name}: \`${part}\`: ${firstLine(wrong)}`);
  if (!gives.types.test(type))
    throw new AccumulatorError(`accumulator ${name}: \`${part}\` gives ${type}`, `it must give ${gives.meaning}`);
  const variables = OF_CALL.some((variable) => names(run.ast, variable)) ? variablesOfCall : variablesOf;
  const work = (context: Record<string, unknown>): unknown => {
    try {
      return run(context);
    } catch (error) {
      throw new LedgerError(`accumulator ${name}: \`${part}\` failed: ${firstLine(error)}`);
    }
  };
  if (seesResult) return (event, result) => work({ ...variables(event), result: celValue(result) });
  return (event) => {
    const { results } = evaluated(event);
    let value = results.get(text);
    if (value === undefined) {
      value = work(variables(event));
      results.set(text, value);
    }
    return value;
  };
}

/** Reads the value of an expression as texts, each once. @throws {LedgerError} if it is anything else */
export function textsIn(name: string, part: string, value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  const texts = Array.isArray(value) ? (value as unknown[]) : [value];
  if (texts.every((text) => typeof text === 'string')) return [...new Set(texts)];
  throw new LedgerError(`accumulator ${name}: \`${part}\` did not give a text, or a list of texts`);
}

/**
 * The values of the expressions over one event. Many accumulators ask the same of one event, one after another, so the last event
 * is enough; a weak map of all would keep each until the next full collection.
 */
interface Evaluated {
  readonly event: LedgerEvent;
  readonly results: Map<string, unknown>;
  variables?: Record<string, unknown>;
  ofCall?: Record<string, unknown>;
}
let last: Evaluated | undefined;

function evaluated(event: LedgerEvent): Evaluated {
  if (last?.event !== event) last = { event, results: new Map() };
  return last;
}

const NOTHING: readonly string[] = [];

function variablesOf(event: LedgerEvent): Record<string, unknown> {
  const known = evaluated(event);
  known.variables ??= makeVariables(event);
  return known.variables;
}

function makeVariables({ action, input, lineage, keys, effects }: LedgerEvent): Record<string, unknown> {
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
    input: celValue(input),
  };
}

/** Returns the variables with the resource, and the values of the arguments by their roles. */
function variablesOfCall(event: LedgerEvent): Record<string, unknown> {
  const known = evaluated(event);
  const { call, resource } = event;
  known.ofCall ??= {
    ...variablesOf(event),
    resource: celValue(resource),
    destinations: call?.valuesOf('destination').map(String) ?? [],
    targets: call?.valuesOf('target').map(String) ?? [],
    amount: celValue(total(call?.valuesOf('amount') ?? [])),
  };
  return known.ofCall;
}
