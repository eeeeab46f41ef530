import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseJson } from '@writ/cedar/json';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DecisionId } from '../authzen/ids.js';
import { readJson } from '../lib/exact-json.js';
import { remoteDecisionPoint } from './remote.js';
import { ServiceClient } from './service-client.js';

/** A service that reads outcomes as the real one does: strict JSON, of 64 levels and 1 MiB. */
const came: unknown[] = [];
let server: Server;
let awaits = true;
let ids = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = String(Buffer.concat(chunks));
      if (request.url === '/access/v1/evaluation') {
        response.writeHead(200, { 'Content-Type': 'application/json', 'X-Decision-Id': `D${ids++}` });
        response.end(JSON.stringify({ decision: true, context: { awaits_outcome: awaits } }));
        return;
      }
      try {
        came.push(parseJson(text, { mode: 'wire', maxDepth: 64 }));
        response.writeHead(204).end();
      } catch {
        response.writeHead(400).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());
beforeEach(() => {
  came.length = 0;
  awaits = true;
});
const pointOf = () => {
  const { port } = server.address() as AddressInfo;
  const errors: unknown[] = [];
  const log = { warn: () => undefined, error: (error: unknown) => errors.push(error) };
  return {
    point: remoteDecisionPoint(new ServiceClient(`http://127.0.0.1:${port}`, 'key'), log as never),
    errors,
  };
};
const text = (json: string): unknown => readJson(`{"content":[{"type":"text","text":${json}}]}`);

describe('the outcome of a call, reported to a service', () => {
  it.each<[string, unknown, object]>([
    ['that is plain', text('"ok"'), { result: { content: [{ text: 'ok' }] } }],
    ['with half of an emoji', text('"ok \\ud83d"'), { result: { content: [{ text: 'ok \ufffd' }] } }],
    ['with half of an emoji of our own', { s: 'a\ud83d' }, { result: { s: 'a\ufffd' } }],
    ['with NUL', text('"a\\u0000b"'), { result: { content: [{ text: 'a\ufffdb' }] } }],
    ['with an id of 64 bits', readJson('{"id":1917043659912705296}'), { result: { id: '1917043659912705296' } }],
    ['with a large number', readJson('{"n":1e300,"f":1.5}'), { result: { n: '1e300', f: 1.5 } }],
    ['with names that differ in case', readJson('{"a":1,"A":2}'), { unread: true }],
    ['with a name of prototypes', readJson('{"__proto__":1}'), { unread: true }],
    ['with many levels', readJson(`{"a":${'['.repeat(80)}${']'.repeat(80)}}`), { unread: true }],
    ['that is long', text(`"${'x'.repeat(300_000)}"`), { unread: true }],
  ])('is read as far as it can be: %s', async (_what, result, outcome) => {
    const { point } = pointOf();
    await point.report('D' as DecisionId, 'completed', result, { changes: [] });
    expect(came).toEqual([{ decisionId: 'D', status: 'completed', changes: [], ...outcome_(outcome) }]);
  });

  it('is accepted with an error of any text', async () => {
    const { point } = pointOf();
    await point.report('D' as DecisionId, 'failed', undefined, { error: `\u0000\ud83d${'x'.repeat(9_000)}` });
    expect(came).toMatchObject([{ status: 'failed', error: expect.stringMatching(/^\ufffd\ufffdx{4000,4094}$/) }]);
  });

  it('is not lost for another that cannot be read', async () => {
    awaits = false;
    const { point, errors } = pointOf();
    const ask = () => point.decide({} as never, {});
    for (const result of [{ a: 1 }, { a: 1, A: 2 }, { b: 1 }]) {
      const { id } = await ask();
      await point.report(id, 'completed', result, {});
    }
    await point.settled();
    expect([came.length, errors]).toEqual([3, []]);
  });
});

function outcome_(outcome: object): object {
  return 'result' in outcome ? { result: expect.objectContaining(deep(outcome.result as object)) } : outcome;
}

function deep(value: object): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      Array.isArray(inner) ? inner.map((one) => expect.objectContaining(one)) : inner,
    ]),
  );
}
