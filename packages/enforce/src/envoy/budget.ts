/** The bytes that may be held at once. */
export class Budget {
  private held = 0;

  constructor(private readonly maxBytes: number) {}

  /** Takes bytes, until the work is over. @returns undefined if there are too many */
  async during<T>(bytes: number, work: () => Promise<T>): Promise<T | undefined> {
    if (this.held + bytes > this.maxBytes) return undefined;
    this.held += bytes;
    try {
      return await work();
    } finally {
      this.held -= bytes;
    }
  }
}
