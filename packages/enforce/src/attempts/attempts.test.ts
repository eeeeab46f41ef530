import { describe, expect, it } from 'vitest';
import { Attempts } from './attempts.js';

const MAX_COUNTS = 100;
let now = 0;
const attempts = (): Attempts => new Attempts(() => new Date(now));
const STRANGER: Parameters<Attempts['add']>[0] = {
  at: 'service',
  operation: 'evaluate',
  reason: 'unauthenticated',
  from: '127.0.0.1',
};

describe('attempts', () => {
  it('are added up by what they have in common, with the first and the last', () => {
    const all = attempts();
    now = 1_000;
    all.add(STRANGER);
    now = 5_000;
    all.add(STRANGER);
    all.add({ ...STRANGER, reason: 'invalid' });
    const first = '1970-01-01T00:00:01.000Z';
    const last = '1970-01-01T00:00:05.000Z';
    expect(all.take()).toEqual({
      attempts: [
        { ...STRANGER, count: 2, first, last },
        { ...STRANGER, reason: 'invalid', count: 1, first: last, last },
      ],
      others: 0,
    });
    expect(all.take()).toBeUndefined();
  });

  it('take bounded room, however much a stranger varies them', () => {
    const all = attempts();
    for (let i = 0; i < 10_000; i += 1) all.add({ ...STRANGER, from: `10.0.${i % 256}.${i >> 8}` });
    all.add({ ...STRANGER, operation: 'x'.repeat(1_000_000) });
    const { attempts: counted, others } = all.take() ?? { attempts: [], others: 0 };
    expect([counted.length, others]).toEqual([MAX_COUNTS, 10_001 - MAX_COUNTS]);
    all.add({ ...STRANGER, operation: 'x'.repeat(1_000_000) });
    expect(all.take()?.attempts[0]?.operation).toHaveLength(200);
  });

  it('that could not be handed on are counted with those that follow', () => {
    const all = attempts();
    now = 1_000;
    all.add(STRANGER);
    const failed = all.take();
    now = 2_000;
    all.add(STRANGER);
    if (failed !== undefined) all.restore({ ...failed, others: 3 });
    expect(all.take()).toEqual({
      attempts: [{ ...STRANGER, count: 2, first: '1970-01-01T00:00:01.000Z', last: '1970-01-01T00:00:02.000Z' }],
      others: 3,
    });
  });
});
