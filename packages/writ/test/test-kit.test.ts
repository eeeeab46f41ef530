import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotPermittedError } from '@writ/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWrit, type TestWrit } from '../src/serve/test-kit/index.js';
import { ACCESS_FILES } from './access-bundle.js';
import { bundleOf, EXAMPLES } from './running.js';

const call = (amount: number, order = 'o-1') => ({
  subject: { type: 'User', id: 'ana' },
  ...{ agent: 'support-bot', action: 'refund_order', resource: { type: 'Order', id: order } },
  input: { order_id: order, amount, reason: 'late' },
});

describe('the test kit, and the client for applications against a real service', () => {
  let writ: TestWrit;
  beforeAll(async () => {
    writ = await startWrit({ bundle: join(EXAMPLES, 'support-desk') });
  });
  afterAll(() => writ.stop());

  it('decides, runs, and has the outcome on record', async () => {
    const app = writ.client();
    let id = '';
    const value = await app.guard(call(500), (input, { decisionId }) => {
      id = decisionId;
      return { refunded: input.amount };
    });
    expect(value).toEqual({ refunded: 500 });
    expect(await writ.decision(id)).toEqual({ result: 'allow', outcome: 'completed' });
  });

  it('counts what completed and not what failed, and stops at the limit', async () => {
    const app = writ.client();
    const broken = app.guard(call(19_000, 'o-9'), () => {
      throw new Error('the bank said no');
    });
    await expect(broken).rejects.toThrow('the bank said no');
    const refunds = [19_000, 19_000].map((amount, n) => call(amount, `o-${n + 2}`));
    for (const one of refunds) await app.guard(one, () => 'paid');
    const over = app.guard(call(19_000, 'o-4'), () => expect.unreachable());
    const error = await over.catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(NotPermittedError);
    expect((error as NotPermittedError).answer).toMatchObject({ result: 'deny', permitted: false });
    expect(String(error)).toContain('500.00 in 24 hours');
    expect(await writ.decision((error as NotPermittedError).answer.id)).toEqual({ result: 'deny', outcome: undefined });
  });

  it('decides several at once, and says of a misfit what does not fit', async () => {
    const misfit = { ...call(1), input: { order_id: 'o-1', amount: '1', reason: 'x' } };
    const [first, second] = await writ.client().decideAll([call(1), misfit]);
    expect(first).toMatchObject({ result: 'allow' });
    expect(second).toMatchObject({ result: 'deny', refusal: { code: 'invalid_request' } });
  });

  it('lists what is permitted', async () => {
    const { subject, resource } = call(1);
    const actions: string[] = [];
    for await (const action of writ.client().searchActions({
      ...{ subject, agent: 'support-bot', resource, context: { input: { order_id: 'o-1' } } },
    }))
      actions.push(action);
    expect(actions).toContain('get_order');
  });

  it('does not accept a key that is not one', async () => {
    const { createWrit } = await import('@writ/sdk');
    const stranger = createWrit({ url: writ.url, key: 'writ_nobody' });
    await expect(stranger.decide(call(1))).rejects.toMatchObject({ code: 'decision_point_unreachable' });
    await stranger.close();
  });
});

describe('an approval of a call', () => {
  it('is asked for, and the call stays refused while nobody has approved it', async () => {
    const writ = await startWrit({ bundle: bundleOf(ACCESS_FILES) });
    const app = writ.client();
    const over = {
      ...{ subject: { type: 'User', id: 'ana' }, action: 'refund', resource: { type: 'Order', id: '1' } },
      input: { amount: 500 },
    };
    const answer = await app.decide(over);
    expect(answer).toMatchObject({ result: 'step_up', requestable: { title: 'Approval is needed' } });
    const waited = await app.request(answer, { waitMs: 0, justification: 'a hail storm' });
    expect(waited).toMatchObject({ permitted: false, accessRequest: { status: 'pending' } });
    await writ.stop();
  });
});

it('a bundle that cannot be served leaves nothing behind', async () => {
  const bundle = bundleOf({ 'writ.yaml': 'nme: x' });
  const { TMPDIR } = process.env;
  const folder = mkdtempSync(join(tmpdir(), 'test-kit-'));
  process.env.TMPDIR = folder;
  try {
    await expect(startWrit({ bundle })).rejects.toThrow();
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    rmSync(folder, { recursive: true });
  }
});
