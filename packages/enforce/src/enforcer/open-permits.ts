/** A permit that somebody has to end. */
interface Droppable {
  /** Ends it as `unknown`. Never rejects. */
  drop(): Promise<void>;
}

/** The permits that nobody has ended or taken over yet. One that is dropped ends at its deadline, so that its outcome is on the record. */
export class OpenPermits {
  /** When each began, in the order in which they did. */
  private readonly open = new Map<Droppable, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly deadlineMs: number) {}

  get size(): number {
    return this.open.size;
  }

  add(permit: Droppable): void {
    this.open.set(permit, performance.now());
    this.timer ??= this.wait(this.deadlineMs);
  }

  delete(permit: Droppable): void {
    this.open.delete(permit);
  }

  private wait(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.sweep(), ms).unref();
  }

  private sweep(): void {
    this.timer = undefined;
    for (const [permit, at] of this.open) {
      const left = at + this.deadlineMs - performance.now();
      if (left > 0) {
        this.timer = this.wait(left);
        return;
      }
      this.open.delete(permit);
      void permit.drop();
    }
  }
}
