import { describe, expect, it } from 'vitest';
import { earliestBy, latestBy } from './clock.js';
import { guardedClock } from './guarded-clock.js';

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
const START = Date.parse('2026-11-30T12:00:00Z');

function machine() {
  const clocks = { day: START, monotonic: 5_000, uptime: 50_000 };
  const changes: boolean[] = [];
  const clock = guardedClock((doubt) => changes.push(doubt !== undefined), {
    day: () => clocks.day,
    monotonic: () => clocks.monotonic,
    uptime: () => clocks.uptime,
  });
  return {
    clock,
    changes,
    /** The time since the start by the trusted clock. */
    get now() {
      return clock().getTime() - START;
    },
    pass(ms: number) {
      clocks.day += ms;
      clocks.monotonic += ms;
      clocks.uptime += ms;
    },
    sleep(ms: number) {
      clocks.day += ms;
      clocks.uptime += ms;
    },
    set(ms: number) {
      clocks.day += ms;
    },
  };
}

describe('a guarded clock', () => {
  it.each([365 * DAY, DAY, 6 * MINUTE, -6 * MINUTE, -DAY, -365 * DAY])(
    'does not follow a clock that is set by %i ms, and says so until it is right again',
    (jump) => {
      const one = machine();
      one.pass(MINUTE);
      expect(one.now).toBe(MINUTE);
      one.set(jump);
      one.pass(SECOND);
      expect(one.now).toBe(MINUTE + SECOND);
      expect(one.clock.doubt?.()).toEqual({ machine: START + MINUTE + SECOND + jump, aheadMs: jump });
      expect(latestBy(one.clock) - START).toBe(MINUTE + SECOND + Math.max(0, jump));
      expect(earliestBy(one.clock) - START).toBe(MINUTE + SECOND + Math.min(0, jump));
      // However long it stays so.
      one.pass(30 * DAY);
      expect(one.now).toBe(MINUTE + SECOND + 30 * DAY);
      one.set(-jump);
      expect(one.clock.doubt?.()).toBeUndefined();
      expect(one.now).toBe(MINUTE + SECOND + 30 * DAY);
      expect(one.changes).toEqual([true, false]);
    },
  );

  it('follows corrections of seconds, in both directions', () => {
    const one = machine();
    for (const ms of [3 * SECOND, -5 * SECOND, 250]) {
      const before = one.now;
      one.set(ms);
      expect(one.now).toBe(before + ms);
      one.pass(HOUR);
    }
    expect(one.changes).toEqual([]);
  });

  it('follows a clock that drifts for a year', () => {
    const one = machine();
    for (let i = 0; i < 365 * 24; i += 1) {
      one.pass(HOUR);
      one.set(500);
      one.clock();
    }
    expect(one.changes).toEqual([]);
    expect(one.now).toBe(365 * 24 * (HOUR + 500));
  });

  it('many small steps do not make a jump', () => {
    const one = machine();
    for (let i = 0; i < 1_000; i += 1) {
      one.set(4 * MINUTE);
      one.pass(SECOND);
      one.clock();
    }
    expect(one.now).toBeLessThan(1_000 * SECOND + 6 * MINUTE);
    expect(one.clock.doubt?.()).toBeDefined();
  });

  it('accepts the time after 8 hours of sleep at once', () => {
    const one = machine();
    for (let i = 0; i < 3; i += 1) {
      one.sleep(8 * HOUR);
      one.pass(2 * SECOND);
      expect(one.now).toBe((i + 1) * (8 * HOUR + 2 * SECOND));
    }
    expect(one.changes).toEqual([]);
  });

  it('accepts many short sleeps', () => {
    const one = machine();
    for (let i = 0; i < 100; i += 1) {
      one.sleep(4 * MINUTE);
      one.pass(2 * SECOND);
      one.clock();
    }
    expect(one.now).toBe(100 * (4 * MINUTE + 2 * SECOND));
    expect(one.changes).toEqual([]);
  });

  it('a clock that is set during a sleep is in doubt, and the sleep counts', () => {
    const one = machine();
    one.sleep(8 * HOUR);
    one.set(365 * DAY);
    one.pass(2 * SECOND);
    expect(one.now).toBe(8 * HOUR + 2 * SECOND);
    expect(one.clock.doubt?.()).toMatchObject({ aheadMs: 365 * DAY });
  });

  it('works where the time since the start of the machine cannot be read', () => {
    let day = START;
    const clock = guardedClock(() => undefined, {
      day: () => day,
      monotonic: () => 0,
      uptime: () => {
        throw new Error('no such file');
      },
    });
    day += DAY;
    expect(clock().getTime()).toBe(START);
    expect(clock.doubt?.()).toBeDefined();
  });
});
