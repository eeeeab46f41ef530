import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalRequest } from '../src/http/index.js';
import { type ShopServer, shopServers } from './servers.js';
import { forward, listedQuery, rows, served, shop } from './shop.js';
import { bytesOf } from './wire.js';

/** Requests of honest clients: each server serves the same with and without the rewriting, and that is what was decided on. */

interface Row {
  readonly method: string;
  readonly target: string;
  readonly operation: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

const service = shop();
const ROWS = rows<Row>('honest');
const pairsOf = (list: readonly string[]): [string, string][] =>
  list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1] as string] as [string, string]] : []));

let servers: ShopServer[] = [];
beforeAll(async () => {
  servers = await shopServers();
});
afterAll(() => Promise.all(servers.map((server) => server.close())));

describe('honest requests', () => {
  it('are at least 60', () => {
    expect(ROWS.length).toBeGreaterThanOrEqual(60);
  });

  it.each(ROWS.map((row, i) => [`${i} ${row.method} ${row.target.slice(0, 60)}`, row] as const))(
    '%s',
    async (_name, row) => {
      const { method, target, headers = [], body = '' } = row;
      const raw = { method, target, rawHeaders: ['Host', 'shop.example', ...headers], body: Buffer.from(body) };
      const canonical = canonicalRequest(raw, service);
      expect(canonical).toMatchObject({ ok: true, operation: { name: row.operation } });
      if (!canonical.ok) return;
      const read = (text: string): unknown => (canonical.json === undefined ? text : JSON.parse(text));
      for (const server of servers) {
        const bytes = bytesOf(method, target, pairsOf(raw.rawHeaders), raw.body);
        const [before, after] = await Promise.all([served(server.port, bytes, method), forward(canonical, server)]);
        expect({ server: server.name, status: after.status }).toEqual({ server: server.name, status: 200 });
        expect({ ...after, body: after.body && read(after.body) }).toEqual({
          ...before,
          body: before.body && read(before.body),
        });
        // The answer to HEAD has no body that would say more.
        if (method === 'HEAD') continue;
        expect(after).toMatchObject({
          route: canonical.operation?.route,
          params: canonical.pathParams,
          query: listedQuery(canonical),
        });
        expect(after.body).toBe(Buffer.from(canonical.rewritten.body).toString());
      }
    },
  );

  it('have the same form when they are read again', () => {
    for (const { method, target, headers = [], body = '' } of ROWS) {
      const raw = { method, target, rawHeaders: ['Host', 'shop.example', ...headers], body: Buffer.from(body) };
      const first = canonicalRequest(raw, service);
      if (!first.ok) throw new Error(first.reason);
      const { rewritten } = first;
      const again = canonicalRequest(
        {
          method: rewritten.method,
          target: rewritten.target,
          rawHeaders: rewritten.headers.flatMap(([name, value]) => [name, name === 'host' ? 'shop.example' : value]),
          body: rewritten.body,
        },
        service,
      );
      expect(again).toMatchObject({
        ok: true,
        isUnchanged: true,
        json: first.json,
        query: first.query,
        pathParams: first.pathParams,
      });
    }
  });

  it('of a health check and of a page of another origin pass without a decision, in one form', () => {
    const health = canonicalRequest(
      { method: 'GET', target: '/healthz', rawHeaders: ['Host', 'shop.example'], body: new Uint8Array() },
      service,
    );
    expect(health).toMatchObject({ ok: true, kind: 'passThrough', operation: undefined, target: '/healthz' });
    const asked = [
      'Host',
      'shop.example',
      'Origin',
      'https://app.example',
      'Access-Control-Request-Method',
      'PUT',
      'Cookie',
      'a=b',
    ];
    const preflight = { method: 'OPTIONS', target: '/orders/1', rawHeaders: asked, body: new Uint8Array() };
    const passed = canonicalRequest(preflight, shop({ preflight: 'pass' }));
    expect(passed).toMatchObject({ ok: true, kind: 'preflight', operation: undefined });
    if (!passed.ok) return;
    expect(passed.rewritten.headers.map(([name]) => name)).toEqual(
      expect.arrayContaining(['origin', 'access-control-request-method']),
    );
    expect(passed.rewritten.headers.map(([name]) => name)).not.toContain('cookie');
    const unknown = { ...preflight, rawHeaders: asked.map((text) => (text === 'PUT' ? 'PATCH' : text)) };
    expect(canonicalRequest(unknown, shop({ preflight: 'pass' }))).toMatchObject({ ok: false, status: 405 });
  });
});
