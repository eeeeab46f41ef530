import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Revocation } from './revocation.js';
import { UnsavedRevocations } from './unsaved-revocations.js';

const revocation = (id: string): Revocation => ({
  id,
  kind: 'identity',
  target: `User::"${id}"`,
  reason: 'left',
  by: 'admin',
  at: '2026-12-01T00:00:00.000Z',
});

let isFull: boolean;
let attempts: number;
let saved: string[];
beforeEach(() => {
  [isFull, attempts, saved] = [true, 0, []];
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

const unsaved = (limit?: number): UnsavedRevocations =>
  new UnsavedRevocations(async ({ id }) => {
    attempts += 1;
    if (isFull) throw new Error('the disk is full');
    saved.push(id);
  }, limit);

describe('revocations that are not on disk', () => {
  it('are tried one at a time, however many there are, and all are written once there is room', async () => {
    const all = unsaved();
    for (let i = 0; i < 1_000; i += 1) expect(await all.add(`k${i}`, revocation(String(i)))).toBe(false);
    attempts = 0;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(attempts).toBeLessThanOrEqual(10);
    isFull = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(saved.length).toBe(1_000);
    expect([...all]).toEqual([]);
  });

  it('one that is lifted is not written', async () => {
    const all = unsaved();
    await all.add('a', revocation('1'));
    await all.add('b', revocation('2'));
    all.forget('a');
    isFull = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(saved).toEqual(['2']);
  });

  it('are full at their limit, and not once they are written', async () => {
    const all = unsaved(2);
    await all.add('a', revocation('1'));
    expect(all.isFull).toBe(false);
    await all.add('b', revocation('2'));
    expect(all.isFull).toBe(true);
    isFull = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(all.isFull).toBe(false);
  });
});
