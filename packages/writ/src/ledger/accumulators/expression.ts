import type { Environment } from '@marcbachmann/cel-js';
import { z } from 'zod';
import { celProblem } from '../../lib/cel-problem.js';
import { celValue, firstLine } from '../cel.js';
import { names, syntaxOf } from '../cel-ast.js';
import { AccumulatorError, type DeclaredAt, LedgerError } from '../errors.js';
import type { LedgerEvent } from '../event.js';
import { itemsBound, tooLongIn } from '../loop-bound.js';
import { environment } from './environment.js';
import { namesMore, resultsOf, variablesFor } from './variables.js';

/** CEL over an action. */

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

/** Returns an expression of a declaration. One that names `result` runs when the action has one. */
export function celPart(part: string, text: string, gives: CelResult): CelPart {
  return { part, text, gives, seesResult: namesResult(text) };
}

/** Returns whether CEL names `result`; false if the text is not CEL, which its compilation reports. */
function namesResult(text: string): boolean {
  if (!text.includes('result')) return false;
  try {
    return names(syntaxOf(text), 'result');
  } catch {
    return false;
  }
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

const beforeResult = environment(undefined);
const withResult = environment(undefined).registerVariable('result', 'dyn');

/** Runs an expression. @throws {LedgerError} if it fails */
export type RunPart = (event: LedgerEvent, result?: unknown) => unknown;

/** Compiles an expression. @throws {AccumulatorError} if it does not parse, or gives another type */
export function expression(name: string, { part, text, gives, seesResult }: CelPart): RunPart {
  let run: ReturnType<Environment['parse']>;
  const within = seesResult ? withResult : beforeResult;
  const at = (offset: number): DeclaredAt => ({ path: [part], offset });
  try {
    run = within.parse(text);
  } catch (error) {
    const { message, help, offset } = celProblem(error, within);
    throw new AccumulatorError(`accumulator ${name}: \`${part}\` is not CEL: ${message}`, help, at(offset));
  }
  const { valid, error: wrong, type = 'dyn' } = run.check();
  if (!valid) {
    const { message, help, offset } = celProblem(wrong, within);
    throw new AccumulatorError(`accumulator ${name}: \`${part}\`: ${message}`, help, at(offset));
  }
  if (!gives.types.test(type))
    throw new AccumulatorError(
      `accumulator ${name}: \`${part}\` gives ${type}`,
      `it must give ${gives.meaning}`,
      at(0),
    );
  const variables = variablesFor(`accumulator ${name}`, run.ast);
  const most = itemsBound(run.ast);
  const checkLists = ({ input }: LedgerEvent): void => {
    const length = most === undefined ? undefined : tooLongIn(input, most);
    if (length !== undefined)
      throw new LedgerError(
        `accumulator ${name}: \`${part}\` has a loop in a loop, for lists of at most ${most} items, and one has ${length}`,
      );
  };
  const work = (context: Record<string, unknown>): unknown => {
    try {
      return run(context);
    } catch (error) {
      throw new LedgerError(`accumulator ${name}: \`${part}\` failed: ${firstLine(error)}`);
    }
  };
  if (seesResult)
    return (event, result) => {
      checkLists(event);
      return work({ ...variables(event), result: celValue(result) });
    };
  return (event) => {
    const results = resultsOf(event);
    let value = results.get(text);
    if (value === undefined) {
      checkLists(event);
      value = work(variables(event));
      results.set(text, value);
    }
    return value;
  };
}

/** Returns whether an expression names more of an action than its call. */
export function readsMore({ text }: Pick<CelPart, 'text'>): boolean {
  return namesMore(syntaxOf(text));
}

/** Reads the value of an expression as texts, each once. @throws {LedgerError} if it is anything else */
export function textsIn(name: string, part: string, value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  const texts = Array.isArray(value) ? (value as unknown[]) : [value];
  if (texts.every((text) => typeof text === 'string')) return [...new Set(texts)];
  throw new LedgerError(`accumulator ${name}: \`${part}\` did not give a text, or a list of texts`);
}
