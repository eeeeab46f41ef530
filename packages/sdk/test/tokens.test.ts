import { fileURLToPath } from 'node:url';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Running, run } from '../../writ/test/running.js';
import { ProofKey, TokenClient, TokenRefusedError } from '../src/index.js';

/** The client against a real service, with the bundle of examples/delegation. */

const BUNDLE = fileURLToPath(new URL('../../../examples/delegation', import.meta.url));
let writ: Running;
beforeAll(async () => {
  writ = await run(BUNDLE);
});
afterAll(() => writ.stop());

const client = (more: object = {}) =>
  new TokenClient({ service: writ.url, key: writ.key('orchestrator'), trustDomain: 'shop.example', ...more });
const key = (name: string) => ({ token: writ.key(name) });
const issued = async (): Promise<number> => {
  const { json } = await writ.send('GET', '/v1/log?limit=1000', undefined, { as: 'admin' });
  return json.entries.filter(({ what }: { what?: string }) => what === 'token.issue').length;
};

describe('TokenClient', () => {
  it('begins a task and hands it on', async () => {
    const tokens = client();
    const task = await tokens.begin({
      credential: key('planner-for-ana'),
      scope: ['refund', 'mail'],
      details: { order: 'o-1' },
    });
    expect(task).toMatchObject({ scope: ['refund', 'mail'] });
    expect(task.expires - Date.now()).toBeGreaterThan(290_000);
    const next = await tokens.handOn(task, key('helper'), { scope: ['refund'] });
    expect(decodeJwt(next.token)).toMatchObject({
      txn: decodeJwt(task.token).txn,
      scope: 'refund',
      tctx: { order: 'o-1' },
      act: { sub: 'Agent::"helper"', act: { sub: 'Agent::"planner"' } },
    });
    expect(await tokens.headers(next, 'POST', 'https://x.example/')).toEqual({ 'Txn-Token': next.token });
  });

  it('asks once for the same hand-over, also when two ask at once, and again for another', async () => {
    const tokens = client();
    const task = await tokens.begin({ credential: key('planner-for-ana'), scope: ['refund', 'mail'] });
    const before = await issued();
    const first = await tokens.handOn(task, key('helper'));
    expect(await tokens.handOn(task, key('helper'))).toBe(first);
    expect(await issued()).toBe(before + 1);
    const [a, b] = await Promise.all([
      tokens.handOn(task, key('helper'), { scope: ['mail'] }),
      tokens.handOn(task, key('helper'), { scope: ['mail'] }),
    ]);
    expect(a).toBe(b);
    expect(await issued()).toBe(before + 2);
  });

  it('asks for a narrower mandate, at the beginning and for who works on', async () => {
    const tokens = client();
    const narrow = { actions: ['refund'], resources: ['Order::"o-1"'], input: { amount: { min: 1, max: 500 } } };
    const task = await tokens.begin({ credential: key('planner-for-ana'), scope: ['refund'], mandate: [narrow] });
    const narrower = { ...narrow, input: { amount: { min: 1, max: 200 } } };
    const next = await tokens.handOn(task, key('helper'), { mandate: [{ ...narrower, uses: 1 }] });
    const [given] = decodeJwt(next.token).authorization_details as { input: object; caps: object[] }[];
    expect(given).toMatchObject({ ...narrower, caps: [{ uses: 2 }, { uses: 1 }] });
    const wider = tokens.handOn(task, key('helper'), { mandate: [{ ...narrow, input: { amount: { max: 500 } } }] });
    await expect(wider).rejects.toMatchObject({ code: 'invalid_authorization_details' });
  });

  it('says why a token is refused', async () => {
    const tokens = client();
    const task = await tokens.begin({ credential: key('planner-for-ana'), scope: ['refund'] });
    const refusal = await tokens.handOn(task, key('intern')).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(TokenRefusedError);
    expect(refusal).toMatchObject({
      code: 'access_denied',
      message: expect.stringContaining('an intern is not handed what refunds'),
    });
    await expect(tokens.handOn(task, key('helper'), { scope: ['payroll'] })).rejects.toMatchObject({
      code: 'invalid_scope',
    });
    await expect(client({ key: 'writ_no' }).begin({ credential: key('helper'), scope: ['x'] })).rejects.toMatchObject({
      code: 'unexpected_answer',
    });
    await expect(
      client({ service: 'http://127.0.0.1:1' }).begin({ credential: key('helper'), scope: ['x'] }),
    ).rejects.toMatchObject({ code: 'service_unreachable' });
  });

  it('binds tokens to its key, and proves it with every use', async () => {
    const tokens = client({ proofKey: await ProofKey.make() });
    const task = await tokens.begin({ credential: key('planner-for-ana'), scope: ['refund'] });
    expect(decodeJwt(task.token)).toHaveProperty('cnf.jkt');
    const url = 'https://tool.example/refunds?x=1';
    const { DPoP: dpop, 'Txn-Token': token } = await tokens.headers(task, 'POST', url);
    const decide = async (context: object) =>
      (
        await writ.send(
          'POST',
          '/access/v1/evaluation',
          {
            subject: { type: 'User', id: 'ana' },
            action: { name: 'refund' },
            resource: { type: 'Order', id: '1' },
            context: { input: { amount: 1 }, ...context },
          },
          { headers: { 'Txn-Token': token as string } },
        )
      ).json.decision;
    expect(await decide({})).toBe(false);
    expect(await decide({ proof: { dpop, htm: 'POST', htu: url } })).toBe(true);
    expect(await decide({ proof: { dpop, htm: 'POST', htu: url } })).toBe(false);
  });
});
