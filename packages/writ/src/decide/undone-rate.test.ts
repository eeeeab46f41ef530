import { describe, expect, it } from 'vitest';
import { UndoneRates } from './undone-rate.js';

const MINUTE = 60_000;
/** The fewest outcomes that an alarm is about. */
const ALARM_LEAST = 20;

describe('UndoneRates', () => {
  it('raises an alarm once in a window for a caller that reports most as failed or not executed', () => {
    const rates = new UndoneRates();
    const alarms = Array.from({ length: 3 * ALARM_LEAST }, (_, i) =>
      rates.add('pep', i % 2 === 0 ? 'failed' : 'not-executed', i * 1_000),
    );
    expect(alarms.filter((one) => one !== undefined)).toEqual([
      { caller: 'pep', undone: ALARM_LEAST, of: ALARM_LEAST, minutes: 15 },
    ]);
    expect(alarms[ALARM_LEAST - 1]).toBeDefined();
    const later = Array.from({ length: ALARM_LEAST }, (_, i) => rates.add('pep', 'failed', 20 * MINUTE + i));
    expect(later.at(-1)).toBeDefined();
  });

  it('raises none for fewer than half, for a few, and for failures that are spread over time or callers', () => {
    const rates = new UndoneRates();
    const alarms: unknown[] = [];
    for (let i = 0; i < 300; i += 1) alarms.push(rates.add('honest', i % 3 === 0 ? 'failed' : 'completed', i * 1_000));
    for (let i = 0; i < ALARM_LEAST - 1; i += 1) alarms.push(rates.add('few', 'failed', i));
    for (let i = 0; i < 100; i += 1) alarms.push(rates.add('slow', 'failed', i * MINUTE));
    for (let i = 0; i < 5_000; i += 1) alarms.push(rates.add(`caller ${i}`, 'failed', i));
    expect(alarms.filter((one) => one !== undefined)).toEqual([]);
  });

  it('an attacker who fails in the second half of the window is noticed', () => {
    const rates = new UndoneRates();
    for (let i = 0; i < 15; i += 1) rates.add('pep', 'completed', i);
    const alarms = Array.from({ length: 15 }, (_, i) => rates.add('pep', 'failed', 10 * MINUTE + i));
    expect(alarms.at(-1)).toMatchObject({ undone: 15, of: 30 });
  });
});
