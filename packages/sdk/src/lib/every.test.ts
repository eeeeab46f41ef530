import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { every } from './every.js';
import { withResolvers } from './with-resolvers.js';

const never = (error: unknown): void => {
  throw error;
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('runs after each interval, and not after it was stopped', async () => {
  let runs = 0;
  const count = (): void => {
    runs += 1;
  };
  const stop = every(100, count, never);
  await vi.advanceTimersByTimeAsync(99);
  expect(runs).toBe(0);
  await vi.advanceTimersByTimeAsync(201);
  expect(runs).toBe(3);
  await stop();
  await vi.advanceTimersByTimeAsync(500);
  expect(runs).toBe(3);
});

it('leaves out a run while another is under way', async () => {
  const runs = [withResolvers<void>(), withResolvers<void>()];
  let begun = 0;
  const stop = every(100, () => runs[begun++]?.promise, never);
  await vi.advanceTimersByTimeAsync(350);
  expect(begun).toBe(1);
  runs[0]?.resolve();
  await vi.advanceTimersByTimeAsync(100);
  expect(begun).toBe(2);
  runs[1]?.resolve();
  await stop();
});

it('reports a failure, thrown or rejected, and goes on', async () => {
  const failures: unknown[] = [];
  let runs = 0;
  const work = (): Promise<void> => {
    runs += 1;
    if (runs === 1) throw new Error('thrown');
    return runs === 2 ? Promise.reject(new Error('rejected')) : Promise.resolve();
  };
  const stop = every(100, work, (error) => failures.push((error as Error).message));
  await vi.advanceTimersByTimeAsync(350);
  await stop();
  expect([runs, failures]).toEqual([3, ['thrown', 'rejected']]);
});

it('stops when the run that is under way is over', async () => {
  const run = withResolvers<void>();
  const stop = every(100, () => run.promise, never);
  await vi.advanceTimersByTimeAsync(100);
  let isStopped = false;
  const stopping = stop().then(() => {
    isStopped = true;
  });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(isStopped).toBe(false);
  run.resolve();
  await stopping;
});

it('does not keep the process alive', () => {
  vi.useRealTimers();
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const stop = every(100, () => undefined, never);
  // An unreferenced timer is not among the resources that keep the event loop alive.
  expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBe(before);
  return stop();
});
