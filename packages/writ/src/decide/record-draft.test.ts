import type { AccessRequest, Verdict } from '@writ/sdk/authzen';
import { describe, expect, it } from 'vitest';
import type { LedgerValues } from '../ledger/ledger.js';
import type { Provenance } from '../provenance/path.js';
import { type Caller, inProcess } from './caller.js';
import type { Coverage } from './mandates.js';
import { beginRecord, conclude, plainCoverage, plainProvenance, plainValues } from './record-draft.js';

const lena = { type: 'User', id: 'lena' };
const request: AccessRequest = { subject: lena, action: { name: 'pay' }, resource: { type: 'Order', id: 'o-1' } };
const begin = (more: object = {}) =>
  beginRecord('01X' as never, { ...request, ...more }, inProcess('gateway') as Caller, new Date(0), 'v1');

it('a draft is a denial that read nothing', () => {
  expect(begin()).toEqual({
    kind: 'decision',
    id: '01X',
    time: '1970-01-01T00:00:00.000Z',
    result: 'deny',
    enforcementPoint: 'gateway',
    request,
    reasons: [],
    facts: [],
    ledger: {},
    policyVersion: 'v1',
  });
});

it('a prompt is not recorded, and the request of the caller stays as it is', () => {
  const context = { prompt: 'pay it', task: 't' };
  expect(begin({ context }).request.context).toEqual({ task: 't' });
  expect(context).toHaveProperty('prompt');
});

describe('conclude', () => {
  const whole: Verdict = {
    result: 'defer',
    reasons: [{ policy: 'p', effect: 'forbid', identity: lena }],
    refusal: { code: 'fact_missing', message: 'm' },
    obligations: [{ id: 'o', type: 't', properties: {} }],
    missing: [{ entity: lena, attribute: 'level' }],
    stale: 'no signal',
  };

  it('writes every part of a verdict', () => {
    const draft = begin();
    conclude(draft, whole);
    expect(draft).toEqual({ ...begin(), ...whole });
  });

  it.each(['refusal', 'obligations', 'missing', 'stale'] as const)('leaves out %s if the verdict has none', (name) => {
    const draft = begin();
    const { [name]: _left, ...rest } = whole;
    conclude(draft, rest as Verdict);
    expect(draft).not.toHaveProperty(name);
  });
});

it('the mandate and the proof of a provenance are not recorded with each decision', () => {
  const plain = { path: [lena], assurance: 1, txn: 't' } as unknown as Provenance;
  expect(plainProvenance(plain)).toBe(plain);
  const more = { ...plain, mandate: { kind: 'k' }, usedProof: { key: 'k' } } as unknown as Provenance;
  expect(plainProvenance(more)).toEqual(plain);
});

it.each<[Partial<Coverage>, object]>([
  [{}, { kind: 'k', covers: true }],
  [{ grant: 0 }, { kind: 'k', covers: true, grant: 0 }],
  [
    { covers: false, why: 'w' },
    { kind: 'k', covers: false, why: 'w' },
  ],
  [{ use: { caps: ['c'], amounts: {}, until: 1 } as never }, { kind: 'k', covers: true }],
])('plainCoverage of %j', (more, plain) => {
  const coverage: Coverage = { kind: 'k', covers: true, namesResource: true, namedInput: ['to'], ...more };
  expect(plainCoverage(coverage)).toEqual(plain);
});

it('values of the ledger are JSON, exact also past the integers of JSON', () => {
  const values = { a: 7n, b: 2n ** 60n, c: ['x'], d: '12.50' } as unknown as LedgerValues;
  expect(plainValues(values)).toEqual({ a: 7, b: '1152921504606846976', c: ['x'], d: '12.50' });
});
