import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CanonicalRequest, canonicalRequest } from '../src/http/index.js';
import { type ShopServer, shopServers } from './servers.js';
import { forward, listedQuery, rows, shop } from './shop.js';

/**
 * Looks for requests that servers read otherwise than they were decided on: changes of the bypasses and of honest requests, with the
 * servers as the oracle. `npm run fuzz-http -w @writ/enforce -- --count 100000 --seed 7` makes more of them.
 */

const COUNT = Number(process.env.HTTP_FUZZ_COUNT ?? 250);

const service = shop({ preflight: 'pass', headers: ['X-Tenant'] });
const HONEST = rows<{ method: string; target: string }>('honest');
const PATHS = rows<{ method: string; target: string }>('paths').filter(({ target }) => target.length < 200);
const HEADERS = rows<{ headers: string[] }>('headers')
  .flatMap(({ headers }) =>
    headers.map((name, i) => [name, headers[i + 1] ?? ''] as const).filter((_, i) => i % 2 === 0),
  )
  .filter(([name], i, all) => name !== 'Host' && all.findIndex(([one]) => one === name) === i);

/** Pieces that some server gives a meaning. */
const PIECES = [
  ...[
    '/',
    '//',
    '.',
    '..',
    '/../',
    '/./',
    '...',
    '%2e',
    '%2E%2e',
    '%2f',
    '%2F',
    '%5c',
    '\\',
    ';',
    ';a=b',
    '?',
    '#',
    '%23',
    '%3f',
    '%3b',
  ],
  ...[
    '%00',
    '%0a',
    '%0d%0a',
    '%09',
    '%20',
    '+',
    ' ',
    '%',
    '%2',
    '%zz',
    '%25',
    '%252e',
    '%25%32%66',
    '%u002e',
    '%c0%ae',
    '%e0%80%ae',
  ],
  ...[
    '%EF%BC%8F',
    '%EF%BC%8E',
    '%E2%80%8B',
    '%EF%BB%BF',
    '%C5%BF',
    '%C4%B1',
    '%E2%84%AA',
    'e%CC%81',
    '%C3%A9',
    '%ed%a0%80',
    '%ff',
  ],
  ...[
    '&',
    '=',
    '&&',
    '&id=2',
    '&_method=DELETE',
    '?id=2',
    '[]',
    '[x]',
    '[0]',
    '%5B%5D',
    '{id}',
    ':id',
    '*',
    '~',
    '@',
    '!',
    "'",
    '(',
    ',',
  ],
  ...[
    'admin',
    'ADMIN',
    'me',
    'users',
    'orders',
    'healthz',
    'refund',
    '/admin/1',
    '/users/me',
    'http://evil.example',
    '1',
    '0',
    '-',
    '__proto__',
  ],
];

/** A change of a target. */
const change = fc.oneof(
  fc.record({
    kind: fc.constant('insert' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    piece: fc.constantFrom(...PIECES),
  }),
  fc.record({
    kind: fc.constant('replace' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    piece: fc.constantFrom(...PIECES),
  }),
  fc.record({
    kind: fc.constantFrom(
      'delete' as const,
      'case' as const,
      'encode' as const,
      'encode again' as const,
      'repeat' as const,
    ),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    piece: fc.constant(''),
  }),
);

function changed(target: string, { kind, at, piece }: { kind: string; at: number; piece: string }): string {
  const i = Math.floor(at * target.length);
  const [before, char, after] = [target.slice(0, i), target.charAt(i), target.slice(i + 1)];
  switch (kind) {
    case 'insert':
      return before + piece + char + after;
    case 'replace':
      return before + piece + after;
    case 'delete':
      return before + after;
    case 'case':
      return before + (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase()) + after;
    case 'encode':
      return `${before}%${char.charCodeAt(0).toString(16).padStart(2, '0')}${after}`;
    case 'encode again':
      return before + (char === '%' ? '%25' : char) + after;
    default:
      return target + target.slice(i);
  }
}

const target = fc
  .tuple(fc.constantFrom(...[...HONEST, ...PATHS].map((row) => row.target)), fc.array(change, { maxLength: 4 }))
  .map(([base, changes]) => changes.reduce(changed, base));
const method = fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'DELETE', 'OPTIONS');
const headers = fc.array(
  fc
    .tuple(fc.constantFrom(...HEADERS), fc.boolean())
    .map(([[name, value], isUpper]) => [isUpper ? name.toUpperCase() : name.toLowerCase(), value] as const),
  { maxLength: 3 },
);

let servers: ShopServer[] = [];
beforeAll(async () => {
  servers = await shopServers();
});
afterAll(() => Promise.all(servers.map((server) => server.close())));

async function holds(canonical: CanonicalRequest): Promise<void> {
  const { operation, kind, rewritten } = canonical;
  if (kind === 'preflight') return;
  for (const server of servers) {
    const said = await forward(canonical, server);
    if (rewritten.method === 'HEAD') expect(said.status).toBe(200);
    else
      expect({ server: server.name, ...said }).toMatchObject({
        route: operation?.route ?? '/healthz',
        params: canonical.pathParams,
        query: listedQuery(canonical),
      });
  }
}

describe('changed requests', () => {
  it('are refused, or every server serves what was decided on', async () => {
    let forwarded = 0;
    await fc.assert(
      fc.asyncProperty(method, target, async (method, target) => {
        const canonical = canonicalRequest(
          { method, target, rawHeaders: ['Host', 'shop.example'], body: new Uint8Array() },
          service,
        );
        if (!canonical.ok) return;
        forwarded += 1;
        await holds(canonical);
        const { rewritten } = canonical;
        const again = canonicalRequest(
          { method, target: rewritten.target, rawHeaders: ['Host', 'shop.example'], body: new Uint8Array() },
          service,
        );
        expect(again).toMatchObject({
          ok: true,
          isUnchanged: true,
          pathParams: canonical.pathParams,
          query: canonical.query,
        });
      }),
      { numRuns: COUNT },
    );
    // Requests that are all refused would prove nothing.
    expect(forwarded).toBeGreaterThan(COUNT / 20);
  });

  it('have no header that nobody declared, and none twice that counts once', () => {
    fc.assert(
      fc.property(method, fc.constantFrom(...HONEST), headers, (method, { target }, headers) => {
        const rawHeaders = ['Host', 'shop.example', ...headers.flat()];
        const canonical = canonicalRequest(
          { method, target, rawHeaders, body: new Uint8Array(), peer: { address: '192.0.2.7', scheme: 'https' } },
          service,
        );
        if (!canonical.ok) return;
        const names = canonical.rewritten.headers.map(([name]) => name);
        for (const name of names) expect(name).toMatch(/^[a-z0-9-]+$/);
        const ours = ['host', 'x-forwarded-host', 'x-forwarded-for', 'x-forwarded-proto'];
        expect(names.filter((name) => ours.includes(name)).sort()).toEqual([...ours].sort());
        const value = new Map(canonical.rewritten.headers);
        expect([value.get('host'), value.get('x-forwarded-for')]).toEqual(['127.0.0.1:8080', '192.0.2.7']);
        for (const name of [
          'authorization',
          'cookie',
          'x-user',
          'x-original-url',
          'x-middleware-subrequest',
          'transfer-encoding',
          'expect',
          'te',
          'trailer',
        ])
          expect(names).not.toContain(name);
      }),
      { numRuns: COUNT * 4 },
    );
  });

  it('have a JSON body that every reader has as it was decided on', () => {
    const text = fc
      .tuple(
        fc.json(),
        fc.array(
          fc.record({
            kind: fc.constantFrom('insert', 'replace', 'delete', 'repeat'),
            at: fc.double({ min: 0, max: 1, noNaN: true }),
            piece: fc.constantFrom(
              ' ',
              '\n',
              ',',
              '{',
              '}',
              '[',
              ']',
              '"',
              '\\u0061',
              '1',
              '-',
              '.5',
              'e3',
              '"a":1,',
              'null',
              '\0',
              '/**/',
              '\ud800',
            ),
          }),
          { maxLength: 2 },
        ),
      )
      .map(([json, changes]) => changes.reduce(changed, json));
    let read = 0;
    fc.assert(
      fc.property(text, (text) => {
        const body = Buffer.from(text);
        const rawHeaders = [
          'Host',
          'shop.example',
          'Content-Type',
          'application/json',
          'Content-Length',
          String(body.length),
        ];
        const canonical = canonicalRequest({ method: 'POST', target: '/orders', rawHeaders, body }, service);
        if (!canonical.ok) return;
        read += 1;
        const forwarded = Buffer.from(canonical.rewritten.body).toString();
        const own = JSON.parse(body.toString());
        expect(JSON.parse(forwarded)).toEqual(own);
        const normal = (value: unknown): string => JSON.stringify(value).replaceAll('-0', '0');
        expect(normal(canonical.json)).toBe(normal(own));
      }),
      { numRuns: COUNT * 4 },
    );
    expect(read).toBeGreaterThan(COUNT / 20);
  });
});
