import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProxy, type HttpProxy } from '../src/http/proxy/index.js';
import { always, rows, shop } from './shop.js';
import { exchange } from './wire.js';

/** Bypasses by the framing of requests: raw bytes to a proxy, and what the service behind it received. */

interface Row {
  readonly class: string;
  readonly why: string;
  /** A character a byte. `@` is repeated `repeat` times. */
  readonly raw: string;
  readonly repeat?: number;
  /** Whether the client closes its side. */
  readonly end?: boolean;
  readonly answers: readonly number[];
  /** The code of the last answer, if it is not that of Node's parser. */
  readonly code?: string;
  readonly seen: readonly string[];
}

const ROWS = rows<Row>('framing');
const seen: string[] = [];
let service: Server;
let proxy: HttpProxy;
let port: number;

beforeAll(async () => {
  service = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      seen.push(`${request.method} ${request.url} ${Buffer.concat(pieces)}`);
      response.setHeader('content-length', 2).end('{}');
    });
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const upstream = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  proxy = createProxy({
    services: always(shop({ upstream, maxBody: 100_000 })),
    decide: async () => ({ permitted: true, done: () => {} }),
  });
  await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
  port = (proxy.server.address() as AddressInfo).port;
});
afterAll(async () => {
  await proxy.close();
  service.closeAllConnections();
  await new Promise((resolve) => service.close(resolve));
});
beforeEach(() => {
  seen.length = 0;
});

describe('framing with two readings', () => {
  it('are at least 40', () => {
    expect(ROWS.length).toBeGreaterThanOrEqual(40);
  });

  it.each(ROWS.map((row, i) => [`${i} ${row.class} ${row.why}`, row] as const))('%s', async (_name, row) => {
    const raw = row.repeat === undefined ? row.raw : row.raw.replace('@', 'a'.repeat(row.repeat));
    const answers = await exchange(port, Buffer.from(raw, 'latin1'), Math.max(row.answers.length, 1), {
      ends: row.end,
    });
    const last = answers.at(-1)?.body ?? '';
    const code = last.startsWith('{"code"') ? (JSON.parse(last) as { code: string }).code : undefined;
    expect({ answers: answers.map(({ status }) => status), seen: [...seen], code }).toEqual({
      answers: row.answers,
      seen: row.seen,
      code: row.code,
    });
  });
});
