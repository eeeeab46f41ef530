import { once } from 'node:events';
import { createServer, get, type Server as HttpServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from '@modelcontextprotocol/server';
import { lineLog } from '@writ/sdk/lib/log';
import { afterEach, describe, expect, it } from 'vitest';
import { UpstreamError } from '../../errors.js';
import type { SessionServer } from './sessions.js';
import { SseStreams } from './sse.js';

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
};
const AUTH = { token: '', clientId: 'x', scopes: [] };
let http: HttpServer | undefined;
afterEach(() => {
  http?.closeAllConnections();
  http?.close();
});

/** A stream that is open, with what comes on it. */
async function opened(serverFor: () => Promise<SessionServer>) {
  const logged: string[] = [];
  const streams = new SseStreams(
    serverFor,
    lineLog((line) => logged.push(line)),
  );
  http = createServer((_request, response) => void streams.begin('me', response)).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const [answer] = (await once(get(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`), 'response')) as [
    IncomingMessage,
  ];
  let came = '';
  answer.setEncoding('utf8').on('data', (text: string) => {
    came += text;
  });
  await expect.poll(() => came).toContain('sessionId=');
  const id = /sessionId=(\S+)/.exec(came)?.[1] as string;
  return { streams, id, answer, came: () => came, logged };
}

/** Servers that start when the test says so. */
function startedLater() {
  let start: (made: SessionServer) => void = () => undefined;
  const made = new Promise<SessionServer>((resolve) => {
    start = resolve;
  });
  return { serverFor: () => made, start };
}

describe('a stream of the transport of 2024-11-05', () => {
  it('takes what comes in its order, also while its servers are started', async () => {
    const { serverFor, start } = startedLater();
    const { streams, id, came } = await opened(serverFor);
    streams.take(id, INITIALIZE, AUTH);
    streams.take(id, { jsonrpc: '2.0', method: 'notifications/initialized' }, AUTH);
    streams.take(id, { jsonrpc: '2.0', id: 2, method: 'ping' }, AUTH);
    for (let i = 3; i <= 100; i += 1) streams.take(id, { jsonrpc: '2.0', id: i, method: 'ping' }, AUTH);
    await expect.poll(came).toContain('"id":100,"error"');
    expect(came()).not.toContain('"id":99');
    // Nobody is told that lists changed who has none yet.
    streams.listsChanged();
    start({ server: new Server({ name: 's', version: '1' }, { capabilities: {} }) });
    await expect.poll(came).toContain('"id":2');
    expect(came().indexOf('"id":1')).toBeLessThan(came().indexOf('"id":2'));
  });

  it('ends what was started for a client that is gone meanwhile', async () => {
    const { serverFor, start } = startedLater();
    const { streams, id, answer } = await opened(serverFor);
    streams.take(id, INITIALIZE, AUTH);
    answer.destroy();
    await expect.poll(() => streams.has(id, 'me')).toBe(false);
    let ended = 0;
    start({ server: new Server({ name: 's', version: '1' }), end: async () => void ended++ });
    await expect.poll(() => ended).toBe(1);
  });

  it('ends with an error when nothing can be started', async () => {
    const { streams, id, came, answer, logged } = await opened(() => Promise.reject(new UpstreamError('no such file')));
    streams.take(id, INITIALIZE, AUTH);
    await once(answer, 'end');
    expect(came()).toContain('"id":1,"error":{"code":-32603,"message":"a server of the session did not start');
    expect(came()).not.toContain('no such file');
    expect(logged).toEqual(['no stream: no such file']);
  });
});
