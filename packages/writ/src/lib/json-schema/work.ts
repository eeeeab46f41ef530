/** The work of checking one value was more than is allowed. Thrown within `lib/json-schema` alone. */
export class TooMuchWork extends RangeError {}

/** How many steps one check may take: some 100 ms. */
const MAX_STEPS = 500_000;
/** How deep schemas may lead into one another: less than the stack holds. */
const MAX_DEPTH = 1_000;

/** Counts the steps of one check. */
export class Work {
  private steps = 0;
  private depth = 0;

  /** @throws {TooMuchWork} */
  take(steps: number): void {
    this.steps += steps;
    if (this.steps > MAX_STEPS) throw new TooMuchWork();
  }

  /** Runs work that leads into another schema. @throws {TooMuchWork} */
  deeper<T>(work: () => T): T {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw new TooMuchWork();
    const result = work();
    this.depth -= 1;
    return result;
  }
}
