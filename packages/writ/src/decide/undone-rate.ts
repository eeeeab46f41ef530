import type { OutcomeStatus } from '@writ/sdk/authzen';
import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { isUndone } from '../ledger/outcome.js';

/** An alarm is raised at this share of outcomes that say that nothing was done, of at least this many. */
const ALARM_SHARE = 0.5;
const ALARM_LEAST = 20;
const WINDOW_MS = 15 * 60_000;
/** The parts of the window that outcomes are added up in. */
const PART_MS = 60_000;
const MAX_CALLERS = 1_000;

/** The outcomes of a caller in the window. */
interface UndoneRate {
  readonly caller: string;
  readonly undone: number;
  readonly of: number;
  readonly minutes: number;
}

interface Part {
  readonly n: number;
  undone: number;
  of: number;
}

/**
 * Watches how many of its permits each caller reports as failed or not executed: each of these gives a budget back, so a caller that
 * says it of most of what it does may have done it.
 */
export class UndoneRates {
  private readonly byCaller = new BoundedCache<string, { parts: Part[]; quietUntil: number }>(MAX_CALLERS);

  /**
   * Counts an outcome.
   *
   * @param now milliseconds of a monotonic clock
   * @returns the rate, if it is an alarm; a caller raises at most one in a window
   */
  add(caller: string, status: OutcomeStatus, now: number): UndoneRate | undefined {
    const counted = this.byCaller.get(caller) ?? { parts: [], quietUntil: 0 };
    this.byCaller.set(caller, counted);
    const n = Math.floor(now / PART_MS);
    while (counted.parts[0] !== undefined && counted.parts[0].n <= n - WINDOW_MS / PART_MS) counted.parts.shift();
    let last = counted.parts.at(-1);
    if (last?.n !== n) {
      last = { n, undone: 0, of: 0 };
      counted.parts.push(last);
    }
    last.of += 1;
    if (!isUndone(status)) return undefined;
    last.undone += 1;
    if (now < counted.quietUntil) return undefined;
    let [undone, of] = [0, 0];
    for (const part of counted.parts) [undone, of] = [undone + part.undone, of + part.of];
    if (of < ALARM_LEAST || undone < of * ALARM_SHARE) return undefined;
    counted.quietUntil = now + WINDOW_MS;
    return { caller, undone, of, minutes: WINDOW_MS / 60_000 };
  }
}
