import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explain } from '../src/audit/explain/explain.js';
import { DecisionTable } from '../src/cli/decision-table.js';
import type { DecisionRecord } from '../src/decide/record.js';
import { bundleOf, type Running, run } from './running.js';

/** A request that does not fit the schema, and a denial by policy: no screen takes one for the other. */

const BUNDLE = bundleOf({
  'writ.yaml': `name: shop
callers:
  plain: { roles: [enforcement-point] }
  blind: { roles: [blind] }
`,
  'schema.cedarschema': `entity User, Order;
action refund appliesTo { principal: [User], resource: [Order], context: { input: { amount: Long, urgent?: Bool }, ledger: { refunded: Long } } };`,
  'ledger.yaml': 'accumulators:\n  refunded: { key: task, sum: input.amount }\n',
  'policies/all.cedar':
    '@id("little") permit (principal, action, resource) when { context.input.amount < 10 && context.ledger.refunded < 100 };',
  'service/blind.cedar': '@id("blind") permit (principal in Role::"blind", action == Action::"evaluate", resource);',
});
const request = (input: object) => ({
  subject: { type: 'User', id: 'ana' },
  action: { name: 'refund' },
  resource: { type: 'Order', id: 'o-1' },
  context: { input },
});
const WHY =
  'the request does not fit the schema: context.input.amount: expected Long, got the string "5"; send 5 as a number, not as text';

let writ: Running;
let misfit: DecisionRecord;
let denied: DecisionRecord;

const ask = (input: object, as = 'default', more: object = {}) =>
  writ.send('POST', '/access/v1/evaluation', { ...request(input), ...more }, { as });

async function recorded(id: string): Promise<DecisionRecord> {
  const found = await writ.writ.records.find(id);
  return found?.decision as DecisionRecord;
}

beforeAll(async () => {
  writ = await run(BUNDLE);
  const [first, second] = [await ask({ amount: '5' }), await ask({ amount: 50 })];
  misfit = await recorded(first.headers.get('X-Decision-Id') ?? '');
  denied = await recorded(second.headers.get('X-Decision-Id') ?? '');
});
afterAll(() => writ.stop());

describe('a request that does not fit the schema', () => {
  it('is on the record as that, though the ledger failed on it first', () => {
    expect(misfit).toMatchObject({ result: 'deny', reasons: [], refusal: { code: 'invalid_request', message: WHY } });
    expect(denied.refusal).toMatchObject({ code: 'not_permitted' });
  });

  it('is never read as what it may have meant', async () => {
    const { json } = await ask({ amount: 5, urgent: 'true' });
    expect(json.context.refusal.message).toContain(
      'context.input.urgent: expected Bool, got the string "true"; send true as a boolean, not as text',
    );
    expect((await ask({ amount: 5, urgent: true })).json).toEqual({ decision: true });
  });

  it('is answered with what to send, and a denial by policy is not', async () => {
    const { json } = await ask({ amount: '5' });
    expect(json).toEqual({
      decision: false,
      context: { id: expect.any(String), result: 'deny', refusal: { code: 'invalid_request', message: WHY } },
    });
    expect((await ask({ amount: 50 })).json).toEqual({ decision: false });
  });

  it('is answered barely for an unknown type, unless the sender asks for reasons: AuthZEN expects that', async () => {
    const subject = { type: 'Robot', id: 'ana' };
    expect((await ask({ amount: 5 }, 'default', { subject })).json).toEqual({ decision: false });
    const context = { input: { amount: 5 }, detail: 'reasons' };
    const { json } = await ask({ amount: 5 }, 'default', { subject, context });
    expect(json.context.refusal.message).toBe(
      'the request does not fit the schema: the schema lets no Robot do refund; it lets User',
    );
  });

  it('is explained as a decision without a policy', () => {
    const text = explain({ decision: misfit, outcome: undefined });
    expect(text).toContain('Denied without asking a policy: User::"ana" asked to refund on Order::"o-1"');
    expect(text).toContain(WHY);
    expect(text).not.toContain('no policy permits');
    expect(explain({ decision: denied, outcome: undefined })).toMatch(/^Denied: [\s\S]*no policy permits/);
  });

  it('is listed and counted as that', async () => {
    const lines = new DecisionTable().lines([denied, misfit]).map(stripVTControlCharacters);
    expect(lines.slice(1).map((line) => line.slice(36, 43).trim())).toEqual(['deny', 'misfit']);
    const { text } = await writ.send('GET', '/metrics', undefined, { as: null });
    expect(text).toMatch(/^writ_decisions_total\{result="deny",refusal="invalid_request"\} [1-9]/m);
    expect(text).toMatch(/^writ_decisions_total\{result="deny",refusal="not_permitted"\} [1-9]/m);
  });
});

describe('a caller that may not know reasons', () => {
  it('learns that its request does not fit, and no part of the schema', async () => {
    const { json, status } = await ask({ amount: '5' }, 'blind');
    expect(status).toBe(200);
    expect(json.context.refusal).toEqual({
      code: 'invalid_request',
      message: 'the request does not fit the schema, or contradicts itself',
    });
  });
});
