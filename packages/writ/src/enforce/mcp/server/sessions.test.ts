import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type JSONRPCMessage, Server } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { KeptEvents, RecentEvents } from './recent-events.js';
import { Sessions } from './sessions.js';

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

describe('a session', () => {
  it('is over after half an hour without a request, and not while one is under way', async () => {
    let now = 0;
    const sessions = new Sessions(
      async () => ({ server: new Server({ name: 's', version: '1' }, { capabilities: { tools: {} } }) }),
      () => now,
    );
    const http = createServer((request, response) => {
      const id = request.headers['mcp-session-id'];
      const read = async (): Promise<unknown> => {
        let text = '';
        for await (const chunk of request) text += String(chunk);
        return text === '' ? undefined : JSON.parse(text);
      };
      read()
        .then((body) =>
          id === undefined
            ? sessions.begin('ana', request, response, body)
            : sessions.handle(String(id), 'ana', request, response, body),
        )
        .then((isHere) => isHere || response.writeHead(404).end());
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
    const headers = (session?: string) => ({
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      ...(session === undefined ? {} : { 'Mcp-Session-Id': session, 'MCP-Protocol-Version': '2025-11-25' }),
    });
    const begin = async (): Promise<string> => {
      const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
      const response = await fetch(url, { method: 'POST', headers: headers(), body });
      await response.text();
      return response.headers.get('mcp-session-id') as string;
    };
    const ping = async (session: string): Promise<number> => {
      const body = '{"jsonrpc":"2.0","id":2,"method":"ping"}';
      const response = await fetch(url, { method: 'POST', headers: headers(session), body });
      await response.text();
      return response.status;
    };
    const [idle, listening] = [await begin(), await begin()];
    const stream = await fetch(url, { headers: headers(listening) });
    now += 29 * 60_000;
    await begin();
    expect(await ping(idle)).toBe(200);
    now += 31 * 60_000;
    await begin();
    expect([await ping(idle), await ping(listening)]).toEqual([404, 200]);
    await stream.body?.cancel();
    await sessions.close();
    http.closeAllConnections();
    http.close();
  });
});
