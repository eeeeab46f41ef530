import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LogEntry } from '../../decide/record.js';
import { LateChanges } from './late-changes.js';

const CALLER = { enforcementPoint: 'admin' };

let isFull: boolean;
let attempts: number;
let recorded: LogEntry[];
beforeEach(() => {
  [isFull, attempts, recorded] = [true, 0, []];
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

function late(limit?: number): LateChanges {
  let ids = 0;
  const append = async (entries: readonly LogEntry[]): Promise<void> => {
    attempts += 1;
    if (isFull) throw new Error('the disk is full');
    recorded.push(...entries);
  };
  const nextId = (): never => String(ids++) as never;
  return new LateChanges({ decider: () => ({ nextId }), log: { append }, clock: () => new Date() }, limit);
}
const whatOf = (): unknown[] =>
  recorded.map((entry) => entry.kind === 'change' && [entry.by, entry.what, entry.detail]);

describe('changes that cannot be recorded', () => {
  it('are recorded once there is room, in their order, each once', async () => {
    const changes = late();
    for (let i = 0; i < 3; i += 1) expect(await changes.record(CALLER, 'revocations.add', { i })).toBe(false);
    await vi.advanceTimersByTimeAsync(10_000);
    isFull = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(whatOf()).toEqual([0, 1, 2].map((i) => ['admin', 'revocations.add', { i }]));
    attempts = 0;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(attempts).toBe(0);
  });

  it('are tried one at a time, however many there are', async () => {
    const changes = late();
    for (let i = 0; i < 1_000; i += 1) await changes.record(CALLER, 'revocations.add', { i });
    attempts = 0;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(attempts).toBeLessThanOrEqual(10);
  });

  it('past the limit are counted, and the record has their number', async () => {
    const changes = late(5);
    for (let i = 0; i < 12; i += 1) await changes.record(CALLER, 'revocations.add', { i });
    isFull = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(whatOf().length).toBe(6);
    expect(whatOf().at(-1)).toEqual(['writ', 'changes.unlisted', { count: 7 }]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(recorded.length).toBe(6);
  });

  it('that wait for the disk do not hold up their answer', async () => {
    const changes = new LateChanges({
      decider: () => ({ nextId: () => 'x' as never }),
      log: { append: () => new Promise<void>(() => undefined) },
      clock: () => new Date(),
    });
    const answered = changes.record(CALLER, 'revocations.add', {});
    await vi.advanceTimersByTimeAsync(1_600);
    expect(await answered).toBe(false);
  });
});
