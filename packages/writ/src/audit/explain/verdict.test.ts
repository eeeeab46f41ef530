import type { Verdict } from '@writ/sdk/authzen';
import { expect, it } from 'vitest';
import type { DecisionRecord } from '../../decide/record.js';
import { isSame } from './verdict.js';

const lena = { type: 'User', id: 'lena' };
const whole: Required<Verdict> = {
  result: 'defer',
  reasons: [{ policy: 'p', effect: 'forbid', identity: lena }],
  refusal: { code: 'registry_stale', message: 'm' },
  obligations: [{ id: 'o', type: 't', properties: {} }],
  missing: [{ entity: lena, attribute: 'level' }],
  stale: 'no signal',
};
const record = { ...whole, id: '01X', took: 40 } as unknown as DecisionRecord;

it('a verdict with the recorded parts is the same, whatever else the record has', () => {
  expect(isSame(record, whole)).toBe(true);
});

it.each<[keyof Verdict, object]>([
  ['result', { result: 'deny' }],
  ['reasons', { reasons: [] }],
  ['refusal', { refusal: { code: 'registry_stale', message: 'n' } }],
  ['obligations', { obligations: [] }],
  ['missing', { missing: [{ entity: lena, attribute: 'team' }] }],
  ['stale', { stale: 'no policy' }],
])('another %s is another verdict', (name, other) => {
  expect(isSame(record, { ...whole, ...other } as Verdict)).toBe(false);
  const { [name]: _left, ...rest } = whole;
  expect(isSame(record, rest as Verdict)).toBe(false);
});
