import type { AuthenticatedCaller } from '../http/callers.js';
import { type RecordingParts, recordChange } from './changes.js';

type Caller = Pick<AuthenticatedCaller, 'enforcementPoint'>;

interface Late {
  readonly caller: Caller;
  readonly what: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

const SOON_MS = 1_500;
const AGAIN_MS = 1_000;
/** The most changes that wait for the record, each with its entry. */
const MAX_WAITING = 10_000;

/**
 * Records changes that have been made, as soon as that can be. They are tried one after the other. Past the limit they are counted
 * alone: they stay made, and the record has their number.
 */
export class LateChanges {
  private readonly waiting: Late[] = [];
  private uncounted = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly parts: RecordingParts,
    private readonly limit = MAX_WAITING,
  ) {}

  /** @returns whether it is on the record in time for an answer */
  async record(caller: Caller, what: string, detail: Readonly<Record<string, unknown>>): Promise<boolean> {
    const late = { caller, what, detail };
    const recorded = this.try(late).catch(() => {
      if (this.waiting.length < this.limit) this.waiting.push(late);
      else this.uncounted += 1;
      this.later();
      return false;
    });
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), SOON_MS);
    });
    const isRecorded = await Promise.race([recorded, tooLate]);
    clearTimeout(timer);
    return isRecorded;
  }

  private async try({ caller, what, detail }: Late): Promise<true> {
    await recordChange(this.parts, caller, what, detail);
    return true;
  }

  private later(): void {
    this.timer ??= setTimeout(() => void this.drain(), AGAIN_MS).unref();
  }

  private async drain(): Promise<void> {
    try {
      for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
        await this.try(next);
        this.waiting.shift();
      }
      const count = this.uncounted;
      if (count > 0) {
        await this.try({ caller: { enforcementPoint: 'writ' }, what: 'changes.unlisted', detail: { count } });
        this.uncounted -= count;
      }
    } catch {
      // The next turn tries again.
    }
    this.timer = undefined;
    if (this.waiting.length > 0 || this.uncounted > 0) this.later();
  }
}
