import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Problem } from './problem.js';
import { UnfinishedBodies } from './unfinished.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const aborted: string[] = [];
const named = (name: string) => (problem: Problem) => void aborted.push(`${name} ${problem.status}`);
beforeEach(() => void aborted.splice(0));

describe('unfinished bodies', () => {
  test('of strangers end after 5 s, of callers after 10 s', () => {
    const bodies = new UnfinishedBodies();
    bodies.of(undefined).begin('a', named('stranger'));
    bodies.of('c').begin('a', named('caller'));
    vi.advanceTimersByTime(4_900);
    expect(aborted).toEqual([]);
    vi.advanceTimersByTime(700);
    expect(aborted).toEqual(['stranger 408']);
    vi.advanceTimersByTime(5_000);
    expect(aborted).toEqual(['stranger 408', 'caller 408']);
    bodies.close();
  });

  test('of the address that has most give way, the oldest first', () => {
    const share = new UnfinishedBodies().of(undefined);
    share.begin('honest', named('honest'));
    for (let i = 0; i < 49; i += 1) share.begin('flood', named(`flood ${i}`));
    share.begin('other', named('other'));
    share.begin('flood', named('flood 50'));
    expect(aborted).toEqual(['flood 0 503', 'flood 1 503']);
  });

  test('give way to one another when they are too large together', () => {
    const share = new UnfinishedBodies().of('c');
    const [first, second] = [share.begin('a', named('first')), share.begin('a', named('second'))];
    share.grow(first, 40 * 2 ** 20);
    share.grow(second, 20 * 2 ** 20);
    expect(aborted).toEqual([]);
    share.grow(second, 10 * 2 ** 20);
    expect(aborted).toEqual(['first 503']);
    // The body that gave way is no longer counted.
    share.grow(second, 30 * 2 ** 20);
    expect(aborted).toEqual(['first 503']);
  });

  test('that ended are not aborted', () => {
    const bodies = new UnfinishedBodies();
    const share = bodies.of(undefined);
    share.end(share.begin('a', named('ended')));
    vi.advanceTimersByTime(20_000);
    expect(aborted).toEqual([]);
    bodies.close();
  });
});
