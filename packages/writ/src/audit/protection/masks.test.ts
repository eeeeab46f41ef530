import { describe, expect, it } from 'vitest';
import type { DecisionRecord, LogEntry } from '../../decide/record.js';
import { type MaskRule, Masks } from './masks.js';

const KEY = Buffer.alloc(32, 7);
const HASH = { masked: expect.stringMatching(/^hmac-sha256:[\w-]{43}$/) };
const DROPPED = { masked: 'dropped' };

const decision = (more: Partial<DecisionRecord>): DecisionRecord =>
  ({
    kind: 'decision',
    request: {
      subject: { type: 'User', id: 'ana', properties: { badge: '1234' } },
      action: { name: 'pay' },
      resource: { type: 'Order', id: 'o-1', properties: { owner: 'ben' } },
      context: { input: { to: 'DE89', items: [{ price: 1 }, { price: 2 }], note: null } },
    },
    facts: [{ uid: { type: 'User', id: 'ana' }, attributes: { salary: 10 }, ancestors: [] }],
    ledger: { refunded: 7, seen: ['pii'] },
    ...more,
  }) as unknown as DecisionRecord;

const inputOf = ({ request }: DecisionRecord) => (request.context as { input: Record<string, unknown> }).input;

const masked = (rules: readonly MaskRule[], more: Partial<DecisionRecord> = {}): DecisionRecord =>
  new Masks(rules, KEY, {}).apply(decision(more));

describe('a rule by path', () => {
  it.each<[MaskRule, (record: DecisionRecord) => unknown, unknown]>([
    [{ path: 'input.to', as: 'hash' }, (record) => inputOf(record).to, HASH],
    [{ path: 'input.to', as: 'drop' }, (record) => inputOf(record).to, DROPPED],
    [
      { path: 'input.items.*.price', as: 'drop' },
      (record) => inputOf(record).items,
      [{ price: DROPPED }, { price: DROPPED }],
    ],
    [
      { path: 'input.items.1.price', as: 'drop' },
      (record) => inputOf(record).items,
      [{ price: 1 }, { price: DROPPED }],
    ],
    [{ path: 'context.input', as: 'drop' }, ({ request }) => request.context?.input, DROPPED],
    [{ path: 'subject.badge', as: 'drop' }, ({ request }) => request.subject.properties?.badge, DROPPED],
    [{ path: 'resource.owner', as: 'drop' }, ({ request }) => request.resource.properties?.owner, DROPPED],
    [{ path: 'facts.User.salary', as: 'drop' }, ({ facts }) => facts[0]?.attributes.salary, DROPPED],
    [{ path: 'facts.*.salary', as: 'drop' }, ({ facts }) => facts[0]?.attributes.salary, DROPPED],
    [{ path: 'facts.Order.salary', as: 'drop' }, ({ facts }) => facts[0]?.attributes.salary, 10],
    [{ path: 'ledger.seen', as: 'drop' }, ({ ledger }) => ledger.seen, [DROPPED]],
    [{ path: 'ledger.*', as: 'drop' }, ({ ledger }) => ledger.refunded, DROPPED],
  ])('%j', (rule, part, value) => {
    expect(part(masked([rule]))).toEqual(value);
  });

  it('of what an entry does not have returns the entry itself', () => {
    const masks = new Masks([{ path: 'input.iban', as: 'drop' }], KEY, {});
    const entry = decision({});
    expect(masks.apply(entry)).toBe(entry);
  });
});

it('what a value was masked in is masked in the refusal that quotes it', () => {
  const refusal = { code: 'invalid_request', message: 'DE89 is no account' } as const;
  expect(masked([{ path: 'input.to', as: 'drop' }], { refusal }).refusal?.message).toBe('[masked] is no account');
});

it.each([
  ['input.to', DROPPED],
  ['facts.User.salary', DROPPED],
  ['facts.Order.total', DROPPED],
  ['ledger.seen', { total: 5 }],
  ['input.nothing', { total: 5 }],
])('of %s: a derived value may be made of an argument or a fact', (path, derived) => {
  const seen = { derived: { total: 5 }, tool: { effects: ['money'] } };
  expect(masked([{ path, as: 'drop' }], { seen }).seen).toEqual({ derived, tool: { effects: ['money'] } });
});

it('sums that a permit holds stay, and sets are masked value by value', () => {
  const held = (amount: number | string[]) => [{ accumulator: 'x', fold: '', key: '', amount }];
  const rule: MaskRule = { path: 'ledger.x', as: 'drop' };
  expect(masked([rule], { reserved: held(7) }).reserved).toEqual(held(7));
  expect(masked([rule], { reserved: held(['a']) }).reserved).toEqual(held(['[masked dropped]']));
});

describe('a rule by class', () => {
  const rules: MaskRule[] = [{ class: 'email', as: 'drop' }];

  it('masks what its finder finds', () => {
    const finders = { email: (text: string) => (text.includes('@') ? [{ start: 3, end: 6 }] : []) };
    const entry = { kind: 'outcome', error: 'to a@b: no' } as LogEntry;
    expect(new Masks(rules, KEY, finders).apply(entry)).toMatchObject({ error: 'to [masked email dropped]: no' });
  });

  it('is refused without a finder', () => {
    expect(() => new Masks(rules, KEY, {})).toThrow('nothing finds values of the class email');
  });
});

describe('what a program does', () => {
  const program = { language: 'shell', programs: ['cat'], reads: ['notes-of-ana.txt'], hosts: ['h.example'] };
  const input = { to: 'DE89', command: 'cat notes-of-ana.txt' };

  it('is not shown of a request in which something is masked', () => {
    const given = { ...decision({}).request, context: { input } };
    const made = masked([{ path: 'input.command', as: 'drop' }], { request: given, seen: { program } });
    expect(made.seen).toEqual({ program: { ...program, reads: DROPPED, hosts: DROPPED } });
  });

  it('has no secret that the text has only without its quotes', () => {
    const token = `ghp_${'a1B2c3D4e5'.repeat(4).slice(0, 36)}`;
    const made = masked([], { seen: { program: { ...program, programs: [`git ${token}`] } } });
    expect(JSON.stringify(made)).not.toContain(token);
  });

  it('is done to things whose facts are masked as those of the request', () => {
    const fact = { uid: { type: 'Table', id: 'public.staff' }, attributes: { salary: 10, owner: 'hr' }, ancestors: [] };
    const made = masked([{ path: 'facts.Table.salary', as: 'drop' }], {
      parts: [{ access: 'read', fact }],
      referred: [fact],
    });
    const hidden = { ...fact, attributes: { salary: DROPPED, owner: 'hr' } };
    expect([made.parts, made.referred]).toEqual([[{ access: 'read', fact: hidden }], [hidden]]);
  });
});
