import { validate } from '@writ/cedar/official';
import { describe, expect, it } from 'vitest';
import { draftBundle } from './draft.js';

const tool = (name: string, properties: object, required: string[] = []) => ({
  name,
  inputSchema: { type: 'object', properties, required },
});
const TOOLS = [
  tool('get_order', { order_id: { type: 'string' } }, ['order_id']),
  tool('refund_order', { order_id: { type: 'string' }, amount: { type: 'integer' } }, ['order_id']),
  tool('pay_invoice', { amount: { type: 'number' } }),
  tool('send_email', { to: { type: 'string' }, body: { type: 'string' } }, ['to', 'body']),
  tool('delete_order', { order_id: { type: 'string' } }),
];
const ana = { type: 'User', id: 'ana' };
const bot = { type: 'Agent', id: 'bot' };
const call = (
  action: string,
  input: Record<string, unknown>,
  path = [ana, bot],
  time = '2026-11-25T10:00:00.000Z',
) => ({ time, action, path, input });

const errorsIn = (files: ReadonlyMap<string, string>): unknown => {
  const schema = files.get('schema.cedarschema') ?? '';
  const staticPolicies = files.get('policies/observed.cedar') ?? '';
  const answer = validate({ schema, policies: { staticPolicies }, validationSettings: { mode: 'strict' } });
  return answer.type === 'failure' ? answer.errors : answer.validationErrors;
};

describe('a draft of what was seen', () => {
  const calls = [
    call('get_order', { order_id: '1' }),
    call('get_order', { order_id: '2' }, [ana, bot], '2026-11-25T10:30:00.000Z'),
    call('refund_order', { order_id: '1', amount: 40 }),
    call('refund_order', { order_id: '1', amount: 25 }),
    call('pay_invoice', { amount: 9.99995 }),
    call('send_email', { to: 'ben@example.com', body: 'x' }, [ana]),
    call('not_a_tool', {}),
  ];
  const { files, seen } = draftBundle('x', TOOLS, calls);
  const text = files.get('policies/observed.cedar') ?? '';

  it('permits the tools that were called, by those who did, up to the largest amount, where it went', () => {
    expect(Object.fromEntries(seen ?? [])).toEqual({ get_order: 2, pay_invoice: 1, refund_order: 2, send_email: 1 });
    expect(
      text,
    ).toBe(`// Drafted from 7 calls that were permitted between 2026-11-25T10:00:00.000Z and 2026-11-25T10:30:00.000Z.
// Actions that were not seen then are not permitted: review the policy, and add what is missing.
// Never called: "delete_order".

@id("observed-get_order")
@reason("it was called 2 times when this was drafted")
permit (principal, action == Action::"get_order", resource is Tool)
when {
  (principal == Agent::"bot" || principal == User::"ana")
};

@id("observed-pay_invoice")
@reason("it was called once when this was drafted")
permit (principal, action == Action::"pay_invoice", resource is Tool)
when {
  (principal == Agent::"bot" || principal == User::"ana") &&
  (if context has input && context.input has amount then context.input.amount.lessThanOrEqual(decimal("10.0")) else true)
};

@id("observed-refund_order")
@reason("it was called 2 times when this was drafted")
permit (principal, action == Action::"refund_order", resource is Tool)
when {
  (principal == Agent::"bot" || principal == User::"ana") &&
  (if context has input && context.input has amount then context.input.amount <= 40 else true)
};

@id("observed-send_email")
@reason("it was called once when this was drafted")
permit (principal, action == Action::"send_email", resource is Tool)
when {
  principal == User::"ana" &&
  (if context.tool has destination then ["ben@example.com"].containsAll(context.tool.destination.values) else true)
};
`);
  });

  it('is policies that the drafted schema knows', () => {
    expect(errorsIn(files)).toEqual([]);
    expect(JSON.parse(files.get('entities/identities.json') ?? '')).toEqual([{ uid: ana }, { uid: bot }]);
  });

  it('names domains when there are many addresses, and nothing when some have none', () => {
    const many = (to: (i: number) => string) =>
      draftBundle(
        'x',
        TOOLS,
        Array.from({ length: 30 }, (_, i) => call('send_email', { to: to(i), body: 'x' })),
      ).files.get('policies/observed.cedar');
    expect(many((i) => `p${i}@example.com`)).toContain(
      '["example.com"].containsAll(context.tool.destination.domains) && !context.tool.destination.domains.isEmpty()',
    );
    expect(many((i) => `desk ${i}`)).not.toContain('destination');
  });

  it('knows identities of other types, and many of one by their type', () => {
    const drafted = draftBundle(
      'x',
      TOOLS,
      Array.from({ length: 30 }, (_, i) => call('get_order', { order_id: '1' }, [{ type: 'Workload', id: `w${i}` }])),
    );
    expect(drafted.files.get('policies/observed.cedar')).toContain('principal is Workload');
    expect(errorsIn(drafted.files)).toEqual([]);
  });
});
