import { withResolvers } from '@writ/sdk/lib/with-resolvers';
import { CloseError } from './errors.js';

const DEADLINE_MS = 30_000;

/**
 * Closes what was opened, in reverse order, each once, whatever one of them throws. A closer that is not over at the deadline is
 * given up, so that what was opened before it (a store, a lock) is closed all the same.
 */
export class Closers implements AsyncDisposable {
  private readonly closers: (() => unknown)[] = [];
  private closing: Promise<void> | undefined;

  /** @param deadlineMs how long each closer may take, in milliseconds */
  constructor(private readonly deadlineMs = DEADLINE_MS) {}

  /** Adds a closer; it runs before those that were added earlier. */
  add(close: () => unknown): void {
    this.closers.push(close);
  }

  /**
   * Runs all closers, those too that are added meanwhile. A second call waits for the first.
   *
   * @throws {CloseError} when closers failed or did not end in time; all have run nevertheless
   */
  close(): Promise<void> {
    this.closing ??= this.run().finally(() => {
      this.closing = undefined;
    });
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async run(): Promise<void> {
    const errors: unknown[] = [];
    for (let closer = this.closers.pop(); closer !== undefined; closer = this.closers.pop()) {
      try {
        await within(this.deadlineMs, closer);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new CloseError(errors);
  }
}

async function within(ms: number, closer: () => unknown): Promise<void> {
  const { promise: late, reject } = withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`a closer did not end within ${ms} ms`)), ms);
  try {
    await Promise.race([closer(), late]);
  } finally {
    clearTimeout(timer);
  }
}
