import type { ActionDeclaration } from '@writ/cedar';
import { describe, expect, it } from 'vitest';
import { planeFrom } from '../../test/planes.js';
import { inputMisfit } from './misfit.js';

const plane = planeFrom({
  'schema.cedarschema': `entity User, Order;
    action refund appliesTo { principal: [User], resource: [Order],
      context: { input: { amount: Long, urgent?: Bool, to?: String, tags?: Set<String>, rate?: decimal, more?: { deep: Long } } } };
    action look appliesTo { principal: [User], resource: [Order] };`,
  'policies/all.cedar': '@id("p") permit(principal, action, resource);',
});
const refund = plane.actions.get('refund') as ActionDeclaration;

describe('arguments that do not fit the schema', () => {
  it.each([
    [{ amount: '5' }, 'context.input.amount: expected Long, got the string "5"; send 5 as a number, not as text'],
    [{ amount: '-5' }, 'context.input.amount: expected Long, got the string "-5"; send -5 as a number, not as text'],
    [{ amount: 'five' }, 'context.input.amount: expected Long, got the string "five"'],
    [{ amount: 5.5 }, 'context.input.amount: 5.5 is not a 64-bit integer; Cedar has no floating point; use `decimal`'],
    [
      { amount: 5, urgent: 'true' },
      'context.input.urgent: expected Bool, got the string "true"; send true as a boolean, not as text',
    ],
    [{ amount: 5, to: 7 }, 'context.input.to: expected String, got the number 7; send "7" as text'],
    [{ amount: 5, tags: 'a' }, 'context.input.tags: expected Set<String>, got the string "a"; send it in a list'],
    [{ amount: 5, more: {} }, 'context.input.more: the attribute `deep` is required and missing; add it'],
    [{}, 'context.input: the attribute `amount` is required and missing; add it'],
    [
      { amount: 5, amonut: 5 },
      'context.input.amonut: this attribute is not declared in the schema; did you mean `amount`?',
    ],
  ])('%j', (input, why) => {
    expect(inputMisfit(refund, { input }, [])).toEqual({
      result: 'deny',
      reasons: [],
      refusal: { code: 'invalid_request', message: `the request does not fit the schema: ${why}` },
    });
  });

  it('are none that fit, that Cedar reads as the declared type, or that policies do not see', () => {
    const fits = [
      { amount: 5, rate: 0.5, urgent: null, tags: ['a'] },
      { amount: 5, rate: '0.5' },
    ];
    for (const input of fits) expect(inputMisfit(refund, { input }, [])).toBeUndefined();
    expect(inputMisfit(refund, { input: { amount: 5, blob: {} } }, ['blob'])).toBeUndefined();
    expect(inputMisfit(plane.actions.get('look') as ActionDeclaration, { input: { a: 1 } }, [])).toBeUndefined();
    expect(inputMisfit(refund, {}, [])).toBeUndefined();
  });
});
