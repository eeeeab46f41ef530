/** How often work is looked at, as a part of the time that it may take. */
const LOOKS = 10;

interface Pending {
  readonly since: number;
  readonly pass: () => void;
}

/** Bounds the time that is waited for work; the work itself continues. One timer for all of it. */
export class Deadlines {
  /** Oldest first. */
  private readonly pending = new Set<Pending>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly ms: number) {}

  /** Returns the result of the work, or of `late` if the time is over before. The work must not reject. */
  within<T>(work: Promise<T>, late: () => T): Promise<T> {
    return new Promise<T>((resolve) => {
      const one: Pending = { since: performance.now(), pass: () => resolve(late()) };
      this.pending.add(one);
      this.timer ??= setInterval(() => this.look(), this.ms / LOOKS).unref();
      void work.then((result) => {
        // False if the time was over.
        if (this.pending.delete(one)) resolve(result);
      });
    });
  }

  private look(): void {
    const before = performance.now() - this.ms;
    for (const one of this.pending) {
      if (one.since > before) return;
      this.pending.delete(one);
      one.pass();
    }
    if (this.pending.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
