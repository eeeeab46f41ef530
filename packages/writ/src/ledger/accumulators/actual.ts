import { isEmpty } from '../../lib/is-empty.js';
import { actionsNamed, syntaxOf } from '../cel-ast.js';
import type { LedgerEvent } from '../event.js';
import { type Accumulator, expressionsOf } from './accumulator.js';
import { type Amount, plainAmount } from './amounts.js';
import type { AccumulatorDeclaration } from './kind.js';
import { conditionPart } from './over-results.js';

/** The amounts of accumulators by the result of an action, as JSON; without those that the result gives no amount for. */
export type Actuals = Readonly<Record<string, Amount>>;

type Declarations = Readonly<Record<string, AccumulatorDeclaration>>;

const NONE: Declarations = {};

/** The declarations with an expression over results, by the actions that they count. */
export class ResultDeclarations {
  private readonly some: readonly (readonly [string, AccumulatorDeclaration, ReadonlySet<string> | undefined])[];
  private readonly byAction = new Map<string, Declarations>();

  constructor(declarations: Declarations) {
    this.some = Object.entries(declarations).flatMap(([name, declared]) => {
      const parts = [conditionPart(declared), ...expressionsOf(name, declared)];
      if (!parts.some((part) => part?.seesResult === true)) return [];
      return [[name, declared, declared.on === undefined ? undefined : actionsNamed(syntaxOf(declared.on))] as const];
    });
  }

  /** Returns those that can count an action, as its condition names actions. */
  of(action: string): Declarations {
    if (this.some.length === 0) return NONE;
    const known = this.byAction.get(action);
    if (known !== undefined) return known;
    const its = this.some.filter(([, , actions]) => actions?.has(action) !== false);
    const made = Object.fromEntries(its.map(([name, declared]) => [name, declared]));
    // The actions are those of the schema: a request that names another is not permitted.
    this.byAction.set(action, made);
    return made;
  }

  /** Returns whether the result of an action can count. */
  concern(action: string): boolean {
    return this.some.length > 0 && !isEmpty(this.of(action));
  }
}

/**
 * Returns the amounts by the result of an action.
 *
 * @param seenBy returns the part of the result that an accumulator sees
 */
export function actualsOf(
  accumulators: readonly Accumulator[],
  event: LedgerEvent,
  seenBy: (accumulator: Accumulator) => unknown,
): Actuals {
  const amounts = accumulators.flatMap((accumulator): (readonly [string, Amount])[] => {
    const actual = accumulator.actual(event, seenBy(accumulator));
    return actual === undefined ? [] : [[accumulator.name, plainAmount(actual)]];
  });
  return Object.fromEntries(amounts);
}
