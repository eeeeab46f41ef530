import type { LedgerEvent } from '../event.js';
import { type Accumulator, expressionsOf } from './accumulator.js';
import { type Amount, plainAmount } from './amounts.js';
import type { AccumulatorDeclaration } from './kind.js';

/** The amounts of accumulators by the result of an action, as JSON; without those that the result gives no amount for. */
export type Actuals = Readonly<Record<string, Amount>>;

/** Returns the declarations with an expression over results. */
export function thoseOfResults(
  declarations: Readonly<Record<string, AccumulatorDeclaration>>,
): Readonly<Record<string, AccumulatorDeclaration>> {
  const some = Object.entries(declarations).filter(([name, declared]) =>
    expressionsOf(name, declared).some(({ seesResult }) => seesResult),
  );
  return Object.fromEntries(some);
}

/** Returns the amounts by the result of an action. */
export function actualsOf(accumulators: readonly Accumulator[], event: LedgerEvent, result: unknown): Actuals {
  const amounts = accumulators.flatMap((accumulator): (readonly [string, Amount])[] => {
    const actual = accumulator.actual(event, result);
    return actual === undefined ? [] : [[accumulator.name, plainAmount(actual)]];
  });
  return Object.fromEntries(amounts);
}
