import type { Clock } from '../lib/clock.js';
import { after, seconds, secondsAt } from '../lib/units.js';
import type { UsedProof } from './record.js';

/** The log keeps what counts once by a key. A batch of attempts has this before its caller and id. */
const BATCH = 'attempts ';
const KEPT_FOR = seconds(7 * 24 * 3_600);
/** The most batches of a caller that are remembered. */
const MAX_OF_CALLER = 20_000;

/**
 * Accepts a batch of attempts once, also over a restart. The answer may be lost, and the caller hands the batch in again. The
 * number of ids that are kept is bounded for each caller, so that none can make another's batches count twice.
 */
export class BatchesOnce {
  /** By caller, in the order in which they are forgotten. A promise is one that is being recorded. */
  private readonly known = new Map<string, Map<string, number | Promise<void>>>();

  /** @param used what the log keeps */
  constructor(
    private readonly clock: Clock,
    used: Iterable<Pick<UsedProof, 'key' | 'until'>>,
    private readonly limit = MAX_OF_CALLER,
  ) {
    for (const { key, until } of used) {
      const [, id, caller] = /^attempts (\S+) (.*)$/s.exec(key) ?? [];
      if (id !== undefined && caller !== undefined) this.of(caller).set(id, until);
    }
  }

  /**
   * Records a batch, unless it is on the record.
   *
   * @param id undefined if the caller gives none: it is recorded each time
   * @param record called with what goes to disk with the entry
   * @returns false if too many of this caller are remembered
   * @throws {RecordError} if it cannot be recorded; it can be handed in again
   */
  async once(
    caller: string,
    id: string | undefined,
    record: (proofs: readonly UsedProof[]) => Promise<void>,
  ): Promise<boolean> {
    if (id === undefined) {
      await record([]);
      return true;
    }
    const known = this.of(caller);
    const before = known.get(id);
    if (before !== undefined) {
      await before;
      return true;
    }
    const at = secondsAt(this.clock());
    this.forget(known, at);
    if (known.size >= this.limit) return false;
    const until = after(at, KEPT_FOR);
    const recording = record([{ key: `${BATCH}${id} ${caller}`, until, at }]);
    known.set(id, recording);
    try {
      await recording;
      known.set(id, until);
    } catch (error) {
      known.delete(id);
      throw error;
    }
    return true;
  }

  private of(caller: string): Map<string, number | Promise<void>> {
    let known = this.known.get(caller);
    if (known === undefined) {
      known = new Map();
      this.known.set(caller, known);
    }
    return known;
  }

  private forget(known: Map<string, number | Promise<void>>, now: number): void {
    for (const [id, until] of known) {
      if (typeof until !== 'number' || until >= now) return;
      known.delete(id);
    }
  }
}
