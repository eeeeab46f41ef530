import type { EntityUid } from '@writ/cedar';
import type { Fetcher } from './fetcher.js';

/** Those of a bundle. */
export class Fetchers {
  constructor(private readonly all: readonly Fetcher[]) {}

  get isEmpty(): boolean {
    return this.all.length === 0;
  }

  /** Returns the fetches that a decision on these entities has to wait for. */
  *waitsFor(uids: Iterable<EntityUid>, now: number): Generator<Promise<void>> {
    for (const uid of uids) for (const fetcher of this.all) if (fetcher.needs(uid, now)) yield fetcher.bring(uid);
  }

  /** Settles when those on a schedule have been there once, or have failed. */
  async start(): Promise<void> {
    await Promise.all(this.all.map((fetcher) => fetcher.start()));
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((fetcher) => fetcher.close()));
  }
}
