import { describe, expect, it } from 'vitest';
import { BatchesOnce } from './batches-once.js';
import type { UsedProof } from './record.js';

const WEEK_MS = 7 * 24 * 3_600_000;
let now = 0;
const clock = (): Date => new Date(now);

/** Batches, and what was recorded of them. */
function recording(used: readonly UsedProof[] = [], limit?: number) {
  const batches = new BatchesOnce(clock, used, limit);
  const recorded: (readonly UsedProof[])[] = [];
  const hand = (caller: string, id?: string): Promise<boolean> =>
    batches.once(caller, id, async (proofs) => {
      recorded.push(proofs);
    });
  return { batches, recorded, hand };
}

describe('a batch of attempts', () => {
  it('counts once for its caller, at once and one after the other', async () => {
    const { recorded, hand } = recording();
    expect(await Promise.all([hand('bot', 'A'), hand('bot', 'A'), hand('other', 'A')])).toEqual([true, true, true]);
    expect(await hand('bot', 'A')).toBe(true);
    expect(recorded.length).toBe(2);
  });

  it('counts once over a restart, for a week', async () => {
    const first = recording();
    await first.hand('a bot', 'A');
    const [used = []] = first.recorded;
    const second = recording(used);
    now += WEEK_MS - 1_000;
    await second.hand('a bot', 'A');
    expect(second.recorded.length).toBe(0);
    now += 2_000;
    await second.hand('a bot', 'B');
    await second.hand('a bot', 'A');
    expect(second.recorded.length).toBe(2);
  });

  it('that could not be recorded can be handed in again', async () => {
    const { batches, recorded, hand } = recording();
    await expect(batches.once('bot', 'A', () => Promise.reject(new Error('full')))).rejects.toThrow('full');
    await hand('bot', 'A');
    expect(recorded.length).toBe(1);
  });

  it('takes bounded room: one caller fills its own, and no other’s', async () => {
    const { recorded, hand } = recording([], 3);
    for (const id of ['A', 'B', 'C']) expect(await hand('loud', id)).toBe(true);
    expect([await hand('loud', 'D'), await hand('loud', 'A'), await hand('quiet', 'D')]).toEqual([false, true, true]);
    expect(recorded.length).toBe(4);
    now += WEEK_MS + 1_000;
    expect(await hand('loud', 'D')).toBe(true);
  });
});
