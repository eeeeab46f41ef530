import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CREDENTIAL, ENVOY, ENVOY_FACES, type EnvoyRig, envoyRig } from './envoy-rig.js';
import { rows } from './shop.js';
import { type Answer, bytesOf, exchange } from './wire.js';

/** Bypasses of Envoy (classes E1 to E7 of docs/envoy.md), through a real Envoy with the settings of examples/envoy. */

interface Row {
  readonly class: string;
  readonly why?: string;
  readonly method: string;
  readonly target: string;
  readonly headers?: [string, string][];
  readonly body?: string;
  readonly chunked?: true;
  readonly trailers?: string;
  /** The bytes after the head, as they are. */
  readonly raw?: string;
  /** The size to which the body is filled up. */
  readonly large?: number;
  readonly expect:
    | { readonly status: number; readonly code?: string }
    /** Envoy refuses it alone, and closes: with ext_proc often before it has sent its answer. */
    | { readonly byEnvoy: number }
    | {
        readonly operation: string;
        readonly params?: Readonly<Record<string, string>>;
        readonly body?: unknown;
        readonly next?: number;
      };
}

const ROWS = rows<Row>('envoy');
/** Headers that a service behind Envoy may receive: of Envoy itself, ours, and those that every operation may have. */
const MAY_ARRIVE =
  /^(?:host|connection|transfer-encoding|content-length|content-type|authorization|accept|accept-encoding|x-forwarded-(?:for|host|proto)|x-request-id|x-envoy-(?:expected-rq-timeout-ms|internal|external-address|attempt-count))$/;

function sentOf({ method, target, headers = [], body = '', chunked, trailers, raw, large }: Row): Buffer {
  const filled = large === undefined ? body : `{"item":"${'a'.repeat(large)}"}`;
  const text = chunked
    ? `${filled.length.toString(16)}\r\n${filled}\r\n0\r\n${trailers ? `${trailers}\r\n` : ''}\r\n`
    : filled;
  const framing: [string, string][] =
    raw !== undefined || filled === ''
      ? []
      : [chunked ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(filled.length)]];
  const all: [string, string][] = [['Host', 'shop.example'], CREDENTIAL, ...headers, ...framing];
  const bytes = bytesOf(method, target, all, Buffer.from(raw ?? text));
  // `Connection` of the row is the one that counts.
  const own = headers.some(([name]) => name === 'Connection') || raw !== undefined;
  return own
    ? Buffer.from(bytes.toString('latin1').replace('\r\nConnection: close\r\n\r\n', '\r\n\r\n'), 'latin1')
    : bytes;
}

describe.skipIf(ENVOY === undefined)('bypasses through Envoy', () => {
  let rig: EnvoyRig;
  beforeAll(async () => {
    rig = await envoyRig();
  }, 30_000);
  afterAll(() => rig?.close());
  afterEach(() => {
    rig.set();
    for (const list of [rig.received, rig.decided, rig.ends]) list.splice(0);
  });

  const each = ENVOY_FACES.flatMap((face) =>
    ROWS.map((row, i) => [`${i} ${row.class}`, face, row.target, row] as const),
  );
  it.each(each)('%s %s %s', async (_name, face, _target, row) => {
    const hasNext = 'next' in row.expect;
    const answers = await exchange(rig.envoy.port(face, 'seen'), sentOf(row), hasNext ? 2 : 1, {
      isHead: row.method === 'HEAD',
    });
    const [answer] = answers as [Answer];
    if ('byEnvoy' in row.expect) {
      expect([undefined, row.expect.byEnvoy]).toContain(answer?.status);
      expect([rig.received, rig.decided]).toEqual([[], []]);
      return;
    }
    if ('status' in row.expect) {
      expect(answer.status).toBe(row.expect.status);
      if (row.expect.code !== undefined) expect(JSON.parse(answer.body)).toMatchObject({ code: row.expect.code });
      expect(rig.received).toEqual([]);
      expect(rig.decided).toEqual([]);
      return;
    }
    expect(answer).toMatchObject({ status: 200 });
    expect(rig.received).toHaveLength(1);
    const [{ method, url, headers, body } = { method: '', url: '', headers: {}, body: '' }] = rig.received;
    const [decided] = rig.decided;
    expect(decided?.operation?.name).toBe(row.expect.operation);
    if (row.expect.params !== undefined) expect(decided?.pathParams).toEqual(row.expect.params);
    expect({ method, url }).toEqual({ method: decided?.method, url: decided?.target });
    expect(Object.keys(headers).filter((name) => !MAY_ARRIVE.test(name))).toEqual([]);
    expect(headers.authorization).toBe('Bearer ours');
    expect([undefined, '127.0.0.1']).toContain(headers['x-forwarded-for']);
    expect(body === '' ? undefined : JSON.parse(body)).toEqual(row.expect.body);
    if (hasNext) expect(answers[1]?.status).toBe(row.expect.next);
  });

  it('the table has each class, and at least 30 rows', () => {
    expect(ROWS.length).toBeGreaterThanOrEqual(30);
    expect([...new Set(ROWS.map((row) => row.class))]).toEqual(['E1', 'E2', 'E3', 'E4', 'E5', 'E6', 'E7']);
  });
});
