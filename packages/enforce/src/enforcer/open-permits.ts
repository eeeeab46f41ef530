/** A permit that somebody has to end, as a member of a list that is linked in itself. */
export interface OpenPermit {
  /** When it began, by `performance.now`; undefined while it is in no list. */
  since: number | undefined;
  before: OpenPermit | undefined;
  after: OpenPermit | undefined;
  /** Ends it as `unknown`. Never rejects. */
  drop(): Promise<void>;
}

/**
 * The permits that nobody has ended or taken over yet. One that is dropped ends at its deadline, so that its outcome is on the record.
 *
 * hot: each operation adds and deletes one. A map would hash each.
 */
export class OpenPermits {
  private oldest: OpenPermit | undefined;
  private newest: OpenPermit | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly deadlineMs: number) {}

  add(permit: OpenPermit): void {
    permit.since = performance.now();
    permit.before = this.newest;
    if (this.newest === undefined) this.oldest = permit;
    else this.newest.after = permit;
    this.newest = permit;
    this.timer ??= this.wait(this.deadlineMs);
  }

  delete(permit: OpenPermit): void {
    if (permit.since === undefined) return;
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
      const left = (one.since ?? 0) + this.deadlineMs - performance.now();
      if (left > 0) {
        this.timer = this.wait(left);
        return;
      }
      this.delete(one);
      void one.drop();
    }
  }
}
