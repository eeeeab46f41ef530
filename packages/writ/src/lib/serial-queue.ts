/** Runs asynchronous work one piece at a time, in the order in which it was handed in. */
export class SerialQueue {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs the work when all earlier work has ended, failed or not. Settles as the work does. */
  run<T>(work: () => Promise<T> | T): Promise<T> {
    const result = this.last.then(work);
    // A failure belongs to the one who handed it in; the next piece runs all the same.
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when the work handed in so far has ended. */
  async idle(): Promise<void> {
    await this.last;
  }
}
