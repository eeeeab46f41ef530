import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { KeptEvents, RecentEvents } from './sessions.js';

const message = (n: number, size = 10): JSONRPCMessage => ({
  jsonrpc: '2.0',
  method: 'x',
  params: { n, pad: 'x'.repeat(size) },
});
const replayed = async (events: RecentEvents, last: string): Promise<unknown[]> => {
  const sent: unknown[] = [];
  await events.replayEventsAfter(last, {
    send: async (_id, { params }: never) => void sent.push((params as { n: number }).n),
  });
  return sent;
};

describe('what was sent last in a session', () => {
  it('is sent again from an event on, of its stream alone', async () => {
    const events = new RecentEvents(new KeptEvents());
    const ids = [];
    for (let n = 0; n < 6; n += 1) ids.push(await events.storeEvent(n % 2 === 0 ? 'a' : 'b', message(n)));
    expect(await events.getStreamIdForEventId(ids[2] as string)).toBe('a');
    expect(await replayed(events, ids[2] as string)).toEqual([4]);
    expect(await replayed(events, ids[1] as string)).toEqual([3, 5]);
    await expect(replayed(events, '77')).rejects.toThrow(/not kept/);
  });

  it('is so many messages, and so much, at most; what is larger is not kept', async () => {
    const all = new KeptEvents();
    const events = new RecentEvents(all);
    const first = await events.storeEvent('a', message(0));
    for (let n = 1; n < 257; n += 1) await events.storeEvent('a', message(n));
    expect(await events.getStreamIdForEventId(first)).toBeUndefined();
    for (let n = 0; n < 5; n += 1) await events.storeEvent('a', message(n, 300_000));
    expect(all.size).toBeLessThanOrEqual(1024 * 1024);
    const before = all.size;
    const large = await events.storeEvent('a', message(9, 2_000_000));
    expect([all.size, await events.getStreamIdForEventId(large)]).toEqual([before, undefined]);
  });

  it('of all sessions together is bounded, and goes with a session', async () => {
    const all = new KeptEvents();
    const sessions = Array.from({ length: 150 }, () => new RecentEvents(all));
    for (const events of sessions) await events.storeEvent('a', message(1, 1_000_000));
    expect(all.size).toBeLessThanOrEqual(128 * 1024 * 1024);
    for (const events of sessions) events.clear();
    expect(all.size).toBe(0);
  });
});
