import type { LedgerEvent } from '../event.js';
import type { Holding } from '../holding.js';
import type { Actuals } from './actual.js';
import type { Book } from './book.js';
import { checkAnswered } from './over-results.js';

/**
 * Returns what an action holds of the accumulators over results, once its answer is known.
 *
 * @param at when the answer was read: windows begin then
 * @throws {LedgerError} if there is no room
 */
export function answeredHoldings(books: Iterable<Book>, event: LedgerEvent, actuals: Actuals, at: number): Holding[] {
  const holdings: Holding[] = [];
  for (const book of books) {
    const { name, resultIntegrity, amounts } = book.accumulator;
    if (resultIntegrity === undefined || !Object.hasOwn(actuals, name)) continue;
    // After a restart not everything is known that a key can name.
    if (!book.accumulator.hasKey(event)) continue;
    const amount = amounts.exact(actuals[name] as Actuals[string]);
    checkAnswered(name, amount);
    const holding = book.holdAmount(event, amount, at);
    if (holding !== undefined) holdings.push(holding);
  }
  return holdings;
}
