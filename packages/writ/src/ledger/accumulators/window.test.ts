import { describe, expect, it } from 'vitest';
import { windowOf } from './window.js';

describe('windowOf', () => {
  it.each([
    ['24h', '2026-11-30T12:00:00.000Z', '2026-12-01T12:00:00.000Z', 86_400],
    ['1s', '2026-11-30T12:00:00.000Z', '2026-11-30T12:00:01.000Z', 1],
    ['hour', '2026-11-30T12:00:00.000Z', '2026-11-30T13:00:00.000Z', 1],
    ['hour', '2026-11-30T12:59:59.999Z', '2026-11-30T13:00:00.000Z', 1],
    ['day', '2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00.000Z', 1],
    // Weeks begin on Monday (ISO 8601).
    ['week', '2026-11-29T23:59:59.999Z', '2026-11-30T00:00:00.000Z', 1],
    ['week', '2026-11-30T00:00:00.000Z', '2026-12-07T00:00:00.000Z', 1],
    ['month', '2028-02-29T00:00:00.000Z', '2028-03-01T00:00:00.000Z', 1],
    ['month', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z', 1],
  ])('%s at %s ends at %s', (text, now, end, resolution) => {
    const window = windowOf(text);
    expect([new Date(window.endOf(Date.parse(now))).toISOString(), window.resolution]).toEqual([end, resolution]);
  });

  it('never ends if none is declared', () => {
    expect(windowOf(undefined).endOf(0)).toBe(Number.POSITIVE_INFINITY);
  });
});
