import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBundleFrom } from '../../bundle/bundle.js';
import { checkBundle } from '../../bundle/check/check.js';
import { ledgerShape } from '../../bundle/format/ledger.js';
import { LedgerError } from '../errors.js';
import type { LedgerEvent } from '../event.js';
import { Ledger } from '../ledger.js';
import { TEXTS } from './amounts.js';
import { cel, WHOLE_RESULT } from './expression.js';
import type { AccumulatorKind } from './kind.js';
import { KINDS } from './kinds.js';
import { LONG } from './schema-types.js';
import { checkSetRoom, SetAccount } from './set-account.js';

const largest = (texts: readonly string[]): bigint => texts.map(BigInt).reduce((a, b) => (a > b ? a : b), 0n);

/** A kind that only the list knows: the largest whole number so far. Its amounts are texts, which unite on disk. */
const max: AccumulatorKind<{ readonly max: string }, readonly string[], SetAccount> = {
  name: 'max',
  shape: { max: cel },
  expressions: ({ max: text }) => [{ part: 'max', text, gives: WHOLE_RESULT, seesResult: false }],
  fold: () => 'max',
  schemaType: () => LONG,
  isOfLabels: () => false,
  amounts: TEXTS,
  account: (resolution) => new SetAccount(resolution),
  measure(name, _members, run) {
    const work = run('max');
    return (event) => {
      const value = work(event);
      if (typeof value === 'bigint') return [String(value)];
      throw new LedgerError(`accumulator ${name}: \`max\` gave no whole number`);
    };
  },
  actual: () => undefined,
  checkRoom: (name, account, values, now) => checkSetRoom(name, account, values, now, 100),
  countsPresent: true,
  show: (account, present = [], now) => largest([...account.valuesAt(now), ...present]),
};

const declared = { key: 'task', max: 'input.amount', on: 'action == "pay"', window: '1h' };
const event = (amount: unknown, action = 'pay'): LedgerEvent => ({
  action,
  input: { amount },
  labels: [],
  effects: [],
  call: undefined,
  data: undefined,
  resource: { type: 'Order', id: 'o' },
  lineage: 'a',
  keys: { task: 't', actor: 'a', originator: 'a', resource: 'o', session: 's' },
});
const at = (ms: number): Date => new Date(ms);

describe('a kind that is added to the list alone', () => {
  // The list is the one thing that knows of it; the tests of one worker share its modules, so it goes again.
  const kinds = KINDS as AccumulatorKind[];
  beforeAll(() => void kinds.push(max));
  afterAll(() => void kinds.pop());

  it('is declared', () => {
    expect(ledgerShape(KINDS).parse({ accumulators: { most: declared } }).accumulators.most).toEqual(declared);
    const both = ledgerShape(KINDS).safeParse({ accumulators: { most: { ...declared, count: true } } });
    expect(both.error?.issues.map(({ message }) => message)).toEqual([
      'an accumulator has exactly one of `set`, `distinct`, `sum`, `count` and `max`',
    ]);
    const other = ledgerShape(KINDS).safeParse({ accumulators: { calls: { key: 'task', sum: '1', max: '1' } } });
    expect(other.success).toBe(false);
  });

  it('is checked: its type in the schema, and its CEL against the arguments of actions', () => {
    const findings = (type: string, input: string) => {
      const files = {
        'writ.yaml': 'name: x',
        // The shape of the file was made before the kind was added, so this stands for it while the bundle is read.
        'ledger.yaml': 'accumulators: { most: { key: task, count: true } }',
        'policies/a.cedar': '@id("a") permit (principal, action, resource) when { context.ledger.most < 5 };',
        'schema.cedarschema': `
          entity User, Order;
          action pay appliesTo { principal: [User], resource: [Order], context: { input: ${input}, ledger: { most: ${type} } } };`,
      };
      const read = readBundleFrom({ root: '/', texts: new Map(Object.entries(files)), version: 'x', unread: [] });
      if (read.bundle === undefined) throw new Error(JSON.stringify(read.findings));
      const all = checkBundle({ ...read.bundle, ledger: { accumulators: { most: declared }, derived: {} } });
      return all.map(({ code, message }) => `${code} ${message}`);
    };
    expect(findings('Long', '{ amount: Long }')).toEqual([]);
    expect(findings('Set<String>', '{ amount: Long }')).toContain(
      'ledger/accumulator-type the context of pay has ledger.most as another type than the accumulator is',
    );
    expect(findings('Long', '{ sum: Long }')).toContain(
      'ledger/unknown-argument most: no action has an argument amount',
    );
    expect(findings('Long', '{ amount: String }')).toEqual([
      'ledger/unfit-argument most: for pay, `max` gives string; it must give a whole number, unless the sum is `decimal`',
    ]);
  });

  it('is counted and shown: the present action with it, given back, ended by its window, kept over a restart', () => {
    const ledger = new Ledger({ most: declared });
    expect(ledger.read(event(5), at(0))).toEqual({ most: 5n });
    const held = ledger.reserve('1', event(9), at(0));
    expect(held).toEqual([{ accumulator: 'most', fold: 'max by task', key: 't', amount: ['9'], until: 3_600_000 }]);
    ledger.reserve('2', event(7), at(1));
    expect(ledger.read(event(5), at(1))).toEqual({ most: 9n });
    expect(ledger.read(event(12), at(1))).toEqual({ most: 12n });
    expect(ledger.look('task', 't', at(1))).toEqual({ most: 9n });
    ledger.settle('1', 'failed', at(2));
    expect(ledger.look('task', 't', at(2))).toEqual({ most: 7n });
    expect(ledger.look('task', 't', at(3_700_000))).toEqual({ most: 0n });
    expect(() => ledger.read(event('x'), at(0))).toThrow(LedgerError);

    const restarted = new Ledger({});
    restarted.restore(held.map((holding) => ({ ...holding, decisionId: undefined, at: 0 })));
    restarted.declare({ most: declared });
    expect(restarted.look('task', 't', at(3))).toEqual({ most: 9n });
  });
});
