import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { ChildPool } from '../../lib/child-pool.js';
import { WorkerError } from '../../lib/errors.js';
import { isWithin } from '../../lib/value-size.js';
import { type AnswerReader, type AnswerReading, READ_HERE } from './answer-reader.js';
import { isQuick } from './quick-answer.js';
import type { AnswerFacts, ReadTask } from './read-task.js';
import { rowsIn } from './said-pages.js';

/** The reply of a process. */
export type PagedReading = AnswerFacts & { readonly pages: readonly string[] };

/** A larger answer is not read. Texts are copied fast, values one by one. */
const MAX_RESULT = { values: 100_000, characters: 8 * 2 ** 20 };

/** The bounds of the processes that read answers (docs/tools.md). */
const LIMITS = { size: 2, queue: 64, waitMs: 10_000, cpuMs: 1_000, deadlineMs: 10_000, memoryMib: 256 };

/**
 * Reads answers in processes of its own, because a tool can answer anything. A small answer whose description is of the kind
 * that takes linear time is read here.
 */
export class IsolatedReader implements AnswerReader {
  private readonly pool = new ChildPool(createRequire(import.meta.url).resolve('#answer-worker'), LIMITS);

  /** Starts a process ahead of the first answer. */
  warm(): void {
    this.pool.warm();
  }

  async read(task: ReadTask): Promise<AnswerReading> {
    if (isQuick(task)) return READ_HERE.read(task);
    // The request with the answer was parsed in this turn of the event loop; the answer is copied in another.
    await setImmediate();
    if (!isWithin(task.result, MAX_RESULT)) throw new WorkerError('task', 'the answer is too large to read');
    const { pages, ...facts } = await this.pool.run<PagedReading>(task);
    return { ...facts, pages: pages.map((page) => () => rowsIn(page)) };
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}
