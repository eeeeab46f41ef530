import { uptime } from 'node:os';
import type { Clock, ClockDoubt } from './clock.js';

/** The clocks of a machine, in milliseconds. */
interface Clocks {
  /** The time of day, since the epoch. Anybody with the right, and a time server, can set it. */
  readonly day: () => number;
  /** A time that nobody sets; on Linux it stops while the machine sleeps. */
  readonly monotonic: () => number;
  /** The time since the machine was started, with the time that it slept. It takes long to read. */
  readonly uptime: () => number;
}

const MACHINE: Clocks = {
  day: () => Date.now(),
  monotonic: () => performance.now(),
  uptime: () => uptime() * 1_000,
};

/** A smaller difference is a correction, and is followed. */
const MAX_DIFFERENCE_MS = 5 * 60_000;
/** The share of the time that passes by which corrections are followed for ever: many small ones make no jump. */
const MAX_DRIFT = 0.001;
/** A shorter sleep is not distinguished from the coarseness of the clocks. */
const LEAST_SLEEP_MS = 1_500;
/** How often it is asked whether the machine slept, while the clocks differ. */
const ASK_EVERY_MS = 1_000;

/**
 * Returns a clock that is that of the machine while the time of day agrees with the monotonic clock. If the two differ by more
 * than five minutes and the machine did not sleep, somebody set the clock: time then continues by the monotonic clock, with a
 * doubt, until the time of day is right again. A restart accepts the time of day.
 *
 * @param changed is notified when a doubt begins, and of undefined when it ends
 */
export function guardedClock(changed: (doubt: ClockDoubt | undefined) => void, clocks: Clocks = MACHINE): Clock {
  let doubt: ClockDoubt | undefined;
  let at = clocks.monotonic();
  /** The time of day at `at`, as it must be. */
  let anchor = clocks.day();
  let slept = sleptBy(at, 0);
  let asked = Number.NEGATIVE_INFINITY;

  function sleptBy(monotonic: number, unknown: number): number {
    try {
      return clocks.uptime() - monotonic;
    } catch {
      return unknown;
    }
  }

  /** Adds the time that the machine slept since it was last asked. */
  function addSleep(monotonic: number): void {
    if (monotonic - asked < ASK_EVERY_MS) return;
    asked = monotonic;
    const now = sleptBy(monotonic, slept);
    if (now - slept < LEAST_SLEEP_MS) return;
    anchor += now - slept;
    slept = now;
  }

  // hot: two clocks are read for each decision, and the third only while they differ.
  function now(): number {
    const monotonic = clocks.monotonic();
    const day = clocks.day();
    const passed = monotonic - at;
    if (Math.abs(day - anchor - passed) > MAX_DIFFERENCE_MS) addSleep(monotonic);
    const due = anchor + passed;
    const ahead = day - due;
    if (Math.abs(ahead) <= MAX_DIFFERENCE_MS) {
      const most = passed * MAX_DRIFT;
      anchor = due + Math.max(-most, Math.min(most, ahead));
      at = monotonic;
      if (doubt !== undefined) {
        doubt = undefined;
        changed(undefined);
      }
      return day;
    }
    const isNew = doubt === undefined;
    doubt = { machine: day, aheadMs: Math.round(ahead) };
    if (isNew) changed(doubt);
    return due;
  }

  return Object.assign(() => new Date(now()), {
    doubt() {
      now();
      return doubt;
    },
  });
}
