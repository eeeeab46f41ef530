import { millisecondsOf, UNITS } from '../../lib/duration.js';

/** The time for which an action counts. */
export interface Window {
  /** Returns when an action at `now` stops counting; both in ms since the epoch. */
  endOf(now: number): number;
  /** The ends of windows are rounded up to this many ms, when settled actions are added up. */
  readonly resolution: number;
}

const DAY_MS = UNITS.d;
/** The parts that a sliding window is added up in: it is exact to a thousandth of its length, and never shorter. */
const PARTS = 1_000;

const CALENDAR = ['hour', 'day', 'week', 'month'] as const;
type CalendarPeriod = (typeof CALENDAR)[number];

const FOR_EVER: Window = { endOf: () => Number.POSITIVE_INFINITY, resolution: 1 };

/** Returns the window of a text: `24h` slides, `day` is the calendar's in UTC, undefined never ends. */
export function windowOf(text: string | undefined): Window {
  if (text === undefined) return FOR_EVER;
  if ((CALENDAR as readonly string[]).includes(text))
    return { endOf: (now) => endOfPeriod(text as CalendarPeriod, now), resolution: 1 };
  const length = millisecondsOf(text);
  return { endOf: (now) => now + length, resolution: Math.max(1, length / PARTS) };
}

function endOfPeriod(period: CalendarPeriod, now: number): number {
  const at = new Date(now);
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  switch (period) {
    case 'hour':
      return (Math.floor(now / UNITS.h) + 1) * UNITS.h;
    case 'day':
      return Date.UTC(year, month, day + 1);
    case 'week':
      // To Monday (ISO 8601).
      return Date.UTC(year, month, day) + (7 - ((at.getUTCDay() + 6) % 7)) * DAY_MS;
    case 'month':
      return Date.UTC(year, month + 1, 1);
  }
}
