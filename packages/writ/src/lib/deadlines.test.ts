import { withResolvers } from '@writ/sdk/lib/with-resolvers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadlines } from './deadlines.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('work that is done in time gives its result, and late work what stands for it', async () => {
  const deadlines = new Deadlines(1_000);
  const [soon, late] = [withResolvers<string>(), withResolvers<string>()];
  const results: string[] = [];
  for (const { promise } of [soon, late])
    void deadlines.within(promise, () => 'late').then((result) => results.push(result));
  await vi.advanceTimersByTimeAsync(900);
  soon.resolve('in time');
  await vi.advanceTimersByTimeAsync(300);
  late.resolve('too late');
  await vi.advanceTimersByTimeAsync(300);
  expect(results).toEqual(['in time', 'late']);
  expect(vi.getTimerCount()).toBe(0);
});
