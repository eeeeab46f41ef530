import { expect, it } from 'vitest';
import type { DecisionRecord } from './decision-fields.js';
import { identitiesOf, isPermit } from './decision-parts.js';

const [lena, helper, bot] = ['lena', 'helper', 'bot'].map((id) => ({ type: 'T', id })) as [object, object, object];

it.each<[string, object[] | undefined, object, object]>([
  ['the subject alone', undefined, lena, lena],
  ['one identity', [helper], helper, helper],
  ['a chain', [lena, helper, bot], lena, bot],
])('identitiesOf: %s', (_name, path, originator, actor) => {
  const record = { request: { subject: lena }, ...(path && { provenance: { path } }) } as unknown as DecisionRecord;
  expect(identitiesOf(record)).toEqual({ path: path ?? [lena], originator, actor });
});

it.each([
  ['allow', true],
  ['modify', true],
  ['step_up', false],
  ['defer', false],
  ['deny', false],
] as const)('isPermit(%s) is %s', (result, is) => {
  expect(isPermit(result)).toBe(is);
});
