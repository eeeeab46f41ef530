import type { Environment } from '@marcbachmann/cel-js';
import { celProblem } from '../../lib/cel-problem.js';
import { type CelRecord, environment } from '../accumulators/environment.js';
import { variablesFor } from '../accumulators/variables.js';
import { firstLine } from '../cel.js';
import { factsRead, names } from '../cel-ast.js';
import { AccumulatorError, type DeclaredAt, UnknownValueError } from '../errors.js';
import type { LedgerEvent } from '../event.js';
import { itemsBound, tooLongIn } from '../loop-bound.js';
import { type DerivedType, type DerivedValue, derivedValue, GIVEN_TYPES } from './derived-type.js';

/** Returns an attribute of an entity as CEL has it; undefined if it is not known. */
export type FactReader = (type: string, id: string, attribute: string) => unknown;

/** The facts that the present expression reads: expressions are evaluated one at a time. */
let reading: { readonly fact: FactReader; readonly missing: string[] } | undefined;

/** Returns a fact. @throws {Error} if it is not known */
function factNow(type: string, id: unknown, attribute: string): unknown {
  if (typeof id !== 'string' && typeof id !== 'bigint') throw new Error('the id of a fact is a text or a whole number');
  const value = reading?.fact(type, String(id), attribute);
  if (value !== undefined) return value;
  const name = `${attribute} of ${type}::${JSON.stringify(String(id))}`;
  reading?.missing.push(name);
  throw new Error(`${name} is not known`);
}

/** Returns the environment of derived values: that of accumulators, with facts of any entity. @param input as for accumulators */
export function derivedEnvironment(input: CelRecord | undefined): Environment {
  return environment(input).registerFunction('fact(string, dyn, string): dyn', factNow);
}

const anyInput = derivedEnvironment(undefined);

/** Compiles a derived value. @throws {AccumulatorError} if it does not parse, or gives another type */
export function compileDerived(
  name: string,
  { type, is }: { readonly type: DerivedType; readonly is: string },
): (event: LedgerEvent, fact: FactReader) => DerivedValue {
  const run = checkedDerived(name, type, is, anyInput);
  const variables = variablesFor(`the derived value ${name}`, run.ast);
  const most = itemsBound(run.ast) ?? MAX_ITEMS;
  return (event, fact) => {
    checkLists(name, event.input, most);
    const context = variables(event);
    const missing: string[] = [];
    let given: unknown;
    try {
      reading = { fact, missing };
      given = run(context);
    } catch (error) {
      if (missing.length === 0) throw new UnknownValueError(`the derived value ${name} failed: ${firstLine(error)}`);
    } finally {
      reading = undefined;
    }
    // `||` passes over an error, and would so make a missing fact none.
    if (missing.length > 0)
      throw new UnknownValueError(`the derived value ${name} needs ${missing.join(', ')}, which is not known`, true);
    return derivedValue(name, type, given);
  };
}

const MAX_ITEMS = 1_000;
function checkLists(name: string, input: unknown, most: number): void {
  const length = tooLongIn(input, most);
  if (length !== undefined)
    throw new UnknownValueError(
      `the derived value ${name} is of lists of at most ${most} items, and one has ${length}`,
    );
}

/** Parses a derived value, and checks its types. @throws {AccumulatorError} if it does not parse, or gives another type */
export function checkedDerived(
  name: string,
  type: DerivedType,
  is: string,
  within: Environment,
): ReturnType<Environment['parse']> {
  const at = (offset: number): DeclaredAt => ({ path: ['is'], offset });
  let run: ReturnType<Environment['parse']>;
  try {
    run = within.parse(is);
  } catch (error) {
    const { message, help, offset } = celProblem(error, within);
    throw new AccumulatorError(`derived value ${name}: \`is\` is not CEL: ${message}`, help, at(offset));
  }
  const { valid, error: wrong, type: gives = 'dyn' } = run.check();
  if (!valid) {
    const { message, help, offset } = celProblem(wrong, within);
    throw new AccumulatorError(`derived value ${name}: ${message}`, help, at(offset));
  }
  if (factsRead(run.ast).some(({ type: of, attribute }) => of === undefined || attribute === undefined))
    throw new AccumulatorError(
      `derived value ${name} looks up a fact whose type or attribute a call can choose`,
      'write both as texts, as in fact("Item", id, "price")',
      at(0),
    );
  if (names(run.ast, 'derived'))
    throw new AccumulatorError(`derived value ${name} names another`, 'write its expression out', at(0));
  if (!GIVEN_TYPES[type].test(gives))
    throw new AccumulatorError(`derived value ${name} gives ${gives}`, `its type is ${type}`, at(0));
  return run;
}
