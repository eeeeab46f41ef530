import { performance } from 'node:perf_hooks';

/** How long work runs before other work may, in milliseconds: little beside what a caller waits for. */
const SLICE_MS = 2;

/** Lets everything run that waits for the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Cuts work on the deciding thread into slices of a few milliseconds. */
export class Slices {
  private from = performance.now();

  /** Lets other work run, if this slice is over. */
  async pause(): Promise<void> {
    if (performance.now() - this.from < SLICE_MS) return;
    await turn();
    this.from = performance.now();
  }

  /** Takes the steps of some work in slices. */
  async take<T>(steps: Generator<undefined, T, undefined>): Promise<T> {
    for (;;) {
      const until = this.from + SLICE_MS;
      do {
        const { done, value } = steps.next();
        if (done === true) return value;
      } while (performance.now() < until);
      await turn();
      this.from = performance.now();
    }
  }
}
