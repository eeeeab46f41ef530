import { celProblem } from '../../lib/cel-problem.js';
import { actionsNamed, argumentAt, argumentsRead, argumentsTested, names, syntaxOf } from '../cel-ast.js';
import { expressionsOf } from './accumulator.js';
import { type CelRecord, environment } from './environment.js';
import type { CelPart } from './expression.js';
import type { AccumulatorDeclaration } from './kind.js';

/** An action, with the types of its arguments. */
export interface CheckedAction {
  readonly name: string;
  /** Undefined if it has no arguments. */
  readonly input: CelRecord | undefined;
  /** The arguments that a call may leave out. */
  readonly optional: readonly string[];
}

/** An expression that fails for an action. */
export interface Misfit {
  readonly part: string;
  readonly action: string;
  readonly why: string;
  /** Of the character in the expression. */
  readonly offset: number;
}

/**
 * Returns the expressions of an accumulator that fail for an action that it counts, by the types of the action's arguments. Such an
 * action is denied. The actions are known if `on` names them, or is not there.
 *
 * @throws {AccumulatorError} if the declaration does not compile
 */
export function misfitsOf(name: string, declared: AccumulatorDeclaration, actions: readonly CheckedAction[]): Misfit[] {
  const { on } = declared;
  const named = on === undefined ? undefined : actionsNamed(syntaxOf(on));
  if (on !== undefined && named === undefined) return [];
  const parts = expressionsOf(name, declared).filter(
    ({ text, seesResult }) => !seesResult && names(syntaxOf(text), 'input'),
  );
  return actions
    .filter((action) => named === undefined || named.has(action.name))
    .flatMap((action) =>
      parts.flatMap((part) => {
        const wrong = misfitOf(part, action);
        return wrong === undefined ? [] : [{ part: part.part, action: action.name, ...wrong }];
      }),
    );
}

function misfitOf(
  { text, gives }: CelPart,
  { input = {}, optional }: CheckedAction,
): Pick<Misfit, 'why' | 'offset'> | undefined {
  const within = environment(input);
  const parsed = within.parse(text);
  const { valid, error, type = 'dyn' } = parsed.check();
  if (!valid) {
    const { message, offset } = celProblem(error, within);
    return { why: `cannot be worked out: ${message}`, offset };
  }
  if (!gives.types.test(type)) return { why: `gives ${type}; it must give ${gives.meaning}`, offset: 0 };
  const [read, tested] = [argumentsRead(parsed.ast), argumentsTested(parsed.ast)];
  const absent = optional.find((argument) => read.has(argument) && !tested.has(argument));
  if (absent === undefined) return undefined;
  return { why: `needs ${absent}, which a call may leave out`, offset: argumentAt(parsed.ast, absent) };
}
