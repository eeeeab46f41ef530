/** A permit that somebody has to end, as a member of a list that is linked in itself. */
export interface OpenPermit {
  /** When it began, by `performance.now`; undefined while it is in no list. */
  since: number | undefined;
  /** The list that it is in. */
  list: OpenPermits | undefined;
  before: OpenPermit | undefined;
  after: OpenPermit | undefined;
  /** Ends it as `unknown`. Never rejects. */
  drop(): Promise<void>;
}

/**
 * Permits that have not ended. One of a list with a deadline ends then, so that its outcome is on the record.
 *
 * hot: each operation adds and deletes one. A map would hash each.
 */
export class OpenPermits {
  private oldest: OpenPermit | undefined;
  private newest: OpenPermit | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param deadlineMs undefined for a list of permits that something runs */
  constructor(private readonly deadlineMs?: number) {}

  get isEmpty(): boolean {
    return this.oldest === undefined;
  }

  add(permit: OpenPermit): void {
    permit.since = performance.now();
    permit.list = this;
    permit.before = this.newest;
    if (this.newest === undefined) this.oldest = permit;
    else this.newest.after = permit;
    this.newest = permit;
    if (this.deadlineMs !== undefined) this.timer ??= this.wait(this.deadlineMs);
  }

  /** Ends all as `unknown`. */
  async dropAll(): Promise<void> {
    const dropped: Promise<void>[] = [];
    for (let one = this.oldest; one !== undefined; one = this.oldest) {
      this.delete(one);
      dropped.push(one.drop());
    }
    await Promise.all(dropped);
  }

  delete(permit: OpenPermit): void {
    if (permit.list !== this) return;
    permit.list = undefined;
    const { before, after } = permit;
    if (before === undefined) this.oldest = after;
    else before.after = after;
    if (after === undefined) this.newest = before;
    else after.before = before;
    permit.since = undefined;
    permit.before = undefined;
    permit.after = undefined;
  }

  private wait(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.sweep(), ms).unref();
  }

  private sweep(): void {
    this.timer = undefined;
    for (let one = this.oldest; one !== undefined; one = this.oldest) {
      const left = (one.since ?? 0) + (this.deadlineMs ?? 0) - performance.now();
      if (left > 0) {
        this.timer = this.wait(left);
        return;
      }
      this.delete(one);
      void one.drop();
    }
  }
}
