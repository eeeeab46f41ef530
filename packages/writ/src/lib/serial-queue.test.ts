import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { SerialQueue } from './serial-queue.js';

it('runs one piece at a time, in order, and gives each its own result', async () => {
  const queue = new SerialQueue();
  const events: string[] = [];
  const piece = (name: string, ms: number) => async () => {
    events.push(`${name} begins`);
    await setTimeout(ms);
    events.push(`${name} ends`);
    return name;
  };
  const results = await Promise.all([queue.run(piece('a', 20)), queue.run(piece('b', 0)), queue.run(() => 'c')]);
  expect(results).toEqual(['a', 'b', 'c']);
  expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

it('runs the next piece after one that failed, and rejects only the failed one', async () => {
  const queue = new SerialQueue();
  const failed = queue.run(() => Promise.reject(new Error('no')));
  const thrown = queue.run(() => {
    throw new Error('at once');
  });
  const next = queue.run(() => 1);
  await expect(failed).rejects.toThrow('no');
  await expect(thrown).rejects.toThrow('at once');
  expect(await next).toBe(1);
});

it('is idle when what was handed in has ended', async () => {
  const queue = new SerialQueue();
  let ended = false;
  void queue.run(async () => {
    await setTimeout(10);
    ended = true;
  });
  await queue.idle();
  expect(ended).toBe(true);
});
