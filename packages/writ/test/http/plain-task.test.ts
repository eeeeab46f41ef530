import { lineLog } from '@writ/sdk/lib/log';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSidecar } from '../../src/cli/enforce-http/sidecar.js';
import { bundleOf, type Running, run } from '../running.js';
import { ask, type Shop, shopFiles, shopOf } from './shop.js';

/** A token that only proves a client is of no task: to have another one issued restores no budget. */

const POINT = { roles: ['enforcement-point'], obligations: [], detail: 'none' as const };
let shop: Shop;
let writ: Running;
let bundle: string;
beforeAll(async () => {
  shop = await shopOf();
  bundle = bundleOf(
    shopFiles(shop.url, {
      'ledger.yaml': 'accumulators: { calls: { key: task, count: true } }\n',
    }),
  );
  writ = await run(bundle, { callers: { default: POINT, other: POINT } });
});
afterAll(async () => {
  await writ?.stop();
  shop.close();
});

const tokenOf = async (caller: string): Promise<string> => {
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    subject_token: writ.key('bot'),
    audience: 'shop.example',
  });
  const headers = {
    authorization: `Bearer ${writ.key(caller)}`,
    'content-type': 'application/x-www-form-urlencoded',
  };
  const response = await fetch(`${writ.url}/token`, { method: 'POST', headers, body: form.toString() });
  return String(((await response.json()) as { access_token: unknown }).access_token);
};
const txnIn = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).txn;
/** The task of the decision on a request with a token. */
const taskOf = async (token: string, context: object): Promise<unknown> => {
  const body = {
    subject: { type: 'User', id: 'ana' },
    action: { name: 'addNote' },
    resource: { type: 'Route', id: '/orders/{id}/notes' },
    context: { agent: { type: 'Agent', id: 'bot' }, task: 'bot', ...context },
  };
  const reply = await writ.send('POST', '/access/v1/evaluation', body, { headers: { 'txn-token': token } });
  expect(reply.json).toMatchObject({ decision: true });
  const found = await writ.writ.findDecision(reply.headers.get('x-decision-id') ?? '');
  return (found as unknown as { decision: { provenance: { txn: unknown } } }).decision.provenance.txn;
};

describe('a token that its caller had issued only to prove a client', () => {
  it('is of the task of that client, whichever token comes', async () => {
    const [first, second] = [await tokenOf('default'), await tokenOf('default')];
    expect(txnIn(first)).not.toBe(txnIn(second));
    const task = await taskOf(first, { plain: true });
    expect(await taskOf(second, { plain: true })).toBe(task);
    expect([txnIn(first), txnIn(second)]).not.toContain(task);
  });

  it('is of its own task otherwise: without that word, or if another caller had it issued', async () => {
    const [own, others] = [await tokenOf('default'), await tokenOf('other')];
    expect(await taskOf(own, {})).toBe(txnIn(own));
    expect(await taskOf(own, { plain: 'true' })).toBe(txnIn(own));
    expect(await taskOf(others, { plain: true })).toBe(txnIn(others));
  });

  it('is what a proxy beside a workload sends: a new one has the same task', async () => {
    const tasks: unknown[] = [];
    for (let i = 0; i < 2; i += 1) {
      const sidecar = await startSidecar({
        ...{ bundle, environment: undefined, service: writ.url, key: writ.key(), ca: undefined, client: undefined },
        place: { host: '127.0.0.1', port: 0, tls: undefined, isBehindTls: false },
        ...{ data: undefined, log: lineLog(() => undefined), drainMs: 50 },
      });
      const headers = { authorization: `Bearer ${writ.key('bot')}` };
      expect((await ask(sidecar.url, '/orders/17', { headers })).status).toBe(200);
      await sidecar.close();
      const read = await writ.writ.records.read({ seq: 0, index: -1 }, 2_000);
      const decided = read.map(({ entry }) => entry).filter(({ kind }) => kind === 'decision');
      tasks.push((decided.at(-1) as unknown as { provenance: { txn: unknown } }).provenance.txn);
    }
    expect(tasks[1]).toBe(tasks[0]);
  });
});
