import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AttemptBatch, AttemptFolder } from './attempt-folder.js';
import type { Attempt } from './attempts.js';
import { AttemptsToHandIn, type HandedIn } from './hand-in.js';

const CALL: Attempt = { at: 'gateway', operation: 'echo', reason: 'unavailable', caller: 'bot' };
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let folder: string;
let said: string[];
/** The batches that were handed in, each with its id and number of attempts. */
let received: [id: string, count: number][];
let answer: HandedIn;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-hand-in-'));
  [said, received, answer] = [[], [], 'unreachable'];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

function started(at = folder): AttemptsToHandIn {
  const log = {
    warn: (line: string) => void said.push(line),
    error: (_e: unknown, line: string) => void said.push(line),
  };
  return new AttemptsToHandIn({
    folder: new AttemptFolder(at, Buffer.from('key'), 'service', log),
    handIn: async ({ id, attempts }: AttemptBatch) => {
      received.push([id, attempts.reduce((sum, { count }) => sum + count, 0)]);
      return answer;
    },
    clock: () => new Date(),
    log,
  });
}
const counted = (): number => {
  const once = new Map(received);
  return [...once.values()].reduce((sum, count) => sum + count, 0);
};
/** Makes the files of a process look as after its end: this one has the same number. */
function killed(): void {
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), new Date(0), new Date(0));
}

describe('what an enforcement point refused in an outage', () => {
  it('is handed in once the service is back, under one id however often the answer was lost', async () => {
    const one = started();
    for (let i = 0; i < 5; i += 1) one.add(CALL);
    await vi.advanceTimersByTimeAsync(10_000);
    one.add(CALL);
    expect(new Set(received.map(([id]) => id)).size).toBe(1);
    answer = 'recorded';
    await vi.advanceTimersByTimeAsync(2_000);
    expect(counted()).toBe(5);
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
    expect(counted()).toBe(6);
    expect(readdirSync(folder)).toEqual([]);
    await one.close();
  });

  it('survives the process, also a second one, and counts once', async () => {
    const one = started();
    for (let i = 0; i < 5; i += 1) one.add(CALL);
    await vi.advanceTimersByTimeAsync(3_000);
    one.add(CALL);
    await vi.advanceTimersByTimeAsync(300);
    const [[id] = []] = received;
    // It is never closed, as if it were killed.
    vi.clearAllTimers();
    killed();
    const two = started();
    await vi.advanceTimersByTimeAsync(3_000);
    vi.clearAllTimers();
    expect(received.at(-1)).toEqual([id, 5]);
    killed();
    answer = 'recorded';
    const three = started();
    await vi.advanceTimersByTimeAsync(3 * MINUTE_MS);
    expect(counted()).toBe(6);
    expect(readdirSync(folder)).toEqual([]);
    await Promise.all([two.close(), three.close()]);
  });

  it('is on the disk before its caller is answered', async () => {
    const one = started();
    one.add(CALL);
    vi.clearAllTimers();
    killed();
    answer = 'recorded';
    const two = started();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(counted()).toBe(1);
    await Promise.all([one, two].map((each) => each.close()));
  });

  it('takes bounded room, however many attempts there are', async () => {
    const one = started();
    for (let i = 0; i < 20_000; i += 1) one.add({ ...CALL, operation: `tool ${i} ${'x'.repeat(1_000)}` });
    await vi.advanceTimersByTimeAsync(1_000);
    const [name = '', ...more] = readdirSync(folder);
    expect(more).toEqual([]);
    const { statSync } = await vi.importActual<typeof import('node:fs')>('node:fs');
    expect(statSync(join(folder, name)).size).toBeLessThan(100_000);
    await one.close();
  });

  it('is kept in memory where the disk takes nothing, and that is said once', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const one = started(file);
    one.add(CALL);
    await vi.advanceTimersByTimeAsync(1_000);
    one.add(CALL);
    answer = 'recorded';
    await vi.advanceTimersByTimeAsync(5_000);
    expect(counted()).toBe(2);
    expect(said).toEqual([expect.stringContaining('kept in memory alone')]);
    await one.close();
  });

  it('is not handed in again after a week without an answer, and that is said', async () => {
    const one = started();
    one.add(CALL);
    await vi.advanceTimersByTimeAsync(3_000);
    vi.setSystemTime(Date.now() + 7 * DAY_MS);
    received = [];
    await vi.advanceTimersByTimeAsync(3_000);
    expect([received, said]).toEqual([[], [expect.stringContaining('it may not be on the record')]]);
    await one.close();
  });

  it('is kept for another process when this one may not hand it in', async () => {
    const one = started();
    answer = 'refused';
    one.add(CALL);
    await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
    expect(received.length).toBe(1);
    await one.close();
    expect(readdirSync(folder).length).toBe(1);
  });

  it('is handed in when the process ends', async () => {
    const one = started();
    one.add(CALL);
    answer = 'recorded';
    await one.close();
    expect([counted(), readdirSync(folder)]).toEqual([1, []]);
  });
});
