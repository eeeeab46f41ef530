import type { Refusal } from '@writ/sdk/authzen';
import type { Deadlines } from '../lib/deadlines.js';
import type { DecisionId } from '../lib/ids.js';
import type { Caller } from './caller.js';
import type { DecisionRecord } from './record.js';

const LATE = 'the decision could not be recorded in time, so it does not stand';

type Undo = (id: DecisionId, caller: Caller, error: string) => Promise<void>;

/** Denies decisions that are not on disk in time: a caller learns within that time that nothing is recorded. */
export class LateRecords {
  constructor(
    private readonly deadlines: Deadlines,
    private readonly undo: Undo,
  ) {}

  /**
   * Returns why decisions do not count. Those that are late hold what they reserved until it is known whether they got to the
   * disk; a permit that did is then recorded as not executed.
   */
  inTime(
    records: readonly DecisionRecord[],
    recorded: Promise<Refusal | undefined>,
    caller: Caller,
  ): Promise<Refusal | undefined> {
    return this.deadlines.within(recorded, () => {
      const permitted = records.filter(({ result }) => result === 'allow' || result === 'modify').map(({ id }) => id);
      const undo = async (): Promise<void> => {
        if ((await recorded) !== undefined) return;
        for (const id of permitted) await this.undo(id, caller, LATE);
      };
      // A permit whose outcome cannot be recorded either stays reserved, as one whose outcome is not known.
      undo().catch(() => undefined);
      return { code: 'record_unavailable', message: LATE };
    });
  }
}
