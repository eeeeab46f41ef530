import { withResolvers } from '@writ/sdk/lib/with-resolvers';
import { describe, expect, it } from 'vitest';
import { onceForAll } from './once-for-all.js';

describe('work that brings something up to date', () => {
  it('runs once more for all calls during a run', async () => {
    const gates = [withResolvers<void>(), withResolvers<void>(), withResolvers<void>()];
    let runs = 0;
    const update = onceForAll(() => gates[runs++]?.promise ?? Promise.resolve());
    const all = [update(), update(), update(), update()];
    expect(runs).toBe(1);
    gates[0]?.resolve();
    await all[0];
    await new Promise(setImmediate);
    expect(runs).toBe(2);
    gates[1]?.resolve();
    await Promise.all(all);
    gates[2]?.resolve();
    await update();
    expect(runs).toBe(3);
  });

  it('that failed runs again', async () => {
    let runs = 0;
    const update = onceForAll(async () => {
      runs += 1;
      if (runs === 1) throw new Error('no');
    });
    const [first, second] = [update(), update()];
    await expect(first).rejects.toThrow('no');
    await second;
    expect(runs).toBe(2);
  });
});
