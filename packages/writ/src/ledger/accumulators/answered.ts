import type { LedgerEvent } from '../event.js';
import { endingWithTask, type Holding } from '../holding.js';
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
    if (holding !== undefined) holdings.push(endingWithItsTask(book, event, holding, at));
  }
  return holdings;
}

/** Ends what is held of a task without a token with that task. */
export function endingWithItsTask(
  { accumulator }: Pick<Book, 'accumulator'>,
  { taskName }: LedgerEvent,
  holding: Holding,
  at: number,
): Holding {
  return taskName !== undefined && accumulator.key === 'task' ? endingWithTask(holding, at) : holding;
}
