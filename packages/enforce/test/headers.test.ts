import { describe, expect, it } from 'vitest';
import { canonicalRequest } from '../src/http/index.js';
import { rows, shop } from './shop.js';

/** Bypasses by headers and bodies, as they stand in `tables/headers.jsonl`. */

interface Row {
  readonly class: string;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body?: string;
  readonly expect:
    | { readonly status: number; readonly code: string }
    | {
        readonly operation: string;
        readonly absent?: readonly string[];
        readonly present?: Readonly<Record<string, string>>;
        readonly values?: Readonly<Record<string, unknown>>;
      };
}

const service = shop();
const ROWS = rows<Row>('headers');
const peer = { address: '192.0.2.7', scheme: 'https' } as const;

describe('headers and bodies with two readings', () => {
  it('are at least 30', () => {
    expect(ROWS.length).toBeGreaterThanOrEqual(30);
    expect(new Set(ROWS.map((row) => JSON.stringify(row))).size).toBe(ROWS.length);
  });

  it.each(ROWS.map((row, i) => [`${i} ${row.class} ${JSON.stringify(row.headers).slice(0, 100)}`, row] as const))(
    '%s',
    (_name, row) => {
      const { method, target, headers, body = '' } = row;
      const canonical = canonicalRequest(
        { method, target, rawHeaders: headers, body: Buffer.from(body), peer },
        service,
      );
      if ('code' in row.expect) {
        expect(canonical).toMatchObject({ ok: false, ...row.expect });
        return;
      }
      expect(canonical).toMatchObject({
        ok: true,
        operation: { name: row.expect.operation },
        headers: row.expect.values ?? {},
      });
      if (!canonical.ok) return;
      const forwarded = new Map<string, string>();
      for (const [name, value] of canonical.rewritten.headers) if (!forwarded.has(name)) forwarded.set(name, value);
      for (const name of row.expect.absent ?? []) expect([name, forwarded.get(name)]).toEqual([name, undefined]);
      expect(Object.fromEntries(forwarded)).toMatchObject(row.expect.present ?? {});
      // A header with our name that the request also has would count for some servers.
      for (const name of ['host', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'content-length'])
        expect(canonical.rewritten.headers.filter(([one]) => one === name).length).toBeLessThanOrEqual(1);
    },
  );
});

describe('every class of bypasses', () => {
  it('from H1 to H14 has rows', () => {
    const all = ['paths', 'headers', 'framing'].flatMap((table) => rows<Row>(table));
    const classes = new Set(all.map((row) => row.class));
    expect([...classes].sort()).toEqual(Array.from({ length: 14 }, (_, i) => `H${i + 1}`).sort());
  });
});
