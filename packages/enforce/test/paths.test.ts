import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalRequest } from '../src/http/index.js';
import { type ShopServer, shopServers } from './servers.js';
import { forward, listedQuery, rows, served, shop } from './shop.js';
import { bytesOf } from './wire.js';

/** Bypasses by the path and the query (classes H1 to H14 of docs/coaz-http.md), with real servers as the oracle. */

interface Row {
  readonly class: string;
  readonly method: string;
  readonly target: string;
  readonly expect:
    | { readonly status: number; readonly code: string }
    | { readonly operation: string; readonly params: Readonly<Record<string, string>> };
}

const service = shop();
const ROWS = rows<Row>('paths');
const read = ({ method, target }: Row) =>
  canonicalRequest({ method, target, rawHeaders: ['Host', 'shop.example'], body: new Uint8Array() }, service);

let servers: ShopServer[] = [];
beforeAll(async () => {
  servers = await shopServers();
});
afterAll(() => Promise.all(servers.map((server) => server.close())));

describe('paths with two readings', () => {
  it('are at least 120', () => {
    expect(ROWS.length).toBeGreaterThanOrEqual(120);
    expect(new Set(ROWS.map(({ method, target }) => `${method} ${target}`)).size).toBe(ROWS.length);
  });

  it.each(ROWS.map((row) => [`${row.class} ${row.method} ${row.target.slice(0, 60)}`, row] as const))(
    '%s',
    (_name, row) => {
      const canonical = read(row);
      if ('code' in row.expect) expect(canonical).toMatchObject({ ok: false, ...row.expect });
      else
        expect(canonical).toMatchObject({
          ok: true,
          operation: { name: row.expect.operation },
          pathParams: row.expect.params,
        });
    },
  );

  it('are refused, or the resource decided on is the one that every server says it served', async () => {
    let checked = 0;
    for (const row of ROWS) {
      const canonical = read(row);
      if (!canonical.ok) continue;
      for (const server of servers) {
        const said = await forward(canonical, server);
        expect({ target: row.target, server: server.name, ...said }).toMatchObject({
          route: canonical.operation?.route,
          params: canonical.pathParams,
          query: listedQuery(canonical),
        });
        checked += 1;
      }
    }
    expect(checked).toBeGreaterThanOrEqual(60);
  });

  it('are real: sent as they are, many reach different routes of different servers', async () => {
    const differing: string[] = [];
    for (const { method, target } of ROWS) {
      if (!/^[A-Z]+$/.test(method) || method === 'CONNECT' || target.length > 200) continue;
      const routes = new Set<string>();
      for (const { port } of servers) {
        const { route, params, status } = await served(
          port,
          bytesOf(method, target, [['Host', 'shop.example']], new Uint8Array()),
          method,
        );
        routes.add(route === undefined ? 'none' : JSON.stringify([route, params, status]));
      }
      if (routes.size > 1) differing.push(`${method} ${target}`);
    }
    expect(differing.length).toBeGreaterThanOrEqual(20);
    expect(differing).toEqual(
      expect.arrayContaining(['GET /ADMIN/1', 'GET /%61dmin/1', 'GET /x/../admin/1', 'GET /users/ME']),
    );
  });
});
