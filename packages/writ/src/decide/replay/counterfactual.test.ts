import { describe, expect, it } from 'vitest';
import { bundleFrom } from '../../../test/planes.js';
import { inProcess } from '../caller.js';
import { offlineDecider, planeOf } from '../plane-of.js';
import type { DecisionRecord } from '../record.js';
import { alternatives } from './counterfactual.js';
import { editText } from './edits.js';
import { Replay } from './replay.js';

const SCHEMA = `
  entity Role;
  entity User in [Role] = { level: Long, share: decimal, name: String, active: Bool, tags: Set<String>, boss?: User };
  entity Order = { state: String, owner?: User };
  action refund appliesTo { principal: [User], resource: [Order], context: { input: { amount?: Long, to?: String }, ledger: { spent: Long } } };`;
const ENTITIES = JSON.stringify([
  {
    uid: { type: 'User', id: 'ana' },
    attrs: { level: 1, share: { __extn: { fn: 'decimal', arg: '0.5' } }, name: 'ana', active: false, tags: ['new'] },
    parents: [],
  },
  { uid: { type: 'Order', id: 'o' }, attrs: { state: 'shut' }, parents: [] },
]);

/** The alternatives to a decision under these policies, in words. */
async function alternativesOf(policies: string): Promise<{ result: string; texts: string[] }> {
  const bundle = bundleFrom({
    'schema.cedarschema': SCHEMA,
    'entities/all.json': ENTITIES,
    'ledger.yaml': 'accumulators:\n  spent: { key: originator, sum: input.amount }\n',
    'policies/all.cedar': policies,
  });
  const plane = planeOf(bundle);
  const decider = offlineDecider(bundle, { append: async () => undefined }, () => new Date(), { plane });
  const request = {
    subject: { type: 'User', id: 'ana' },
    action: { name: 'refund' },
    resource: { type: 'Order', id: 'o' },
    context: { input: { amount: 40 } },
  };
  const record: DecisionRecord = JSON.parse(
    JSON.stringify(await decider.decide(request, inProcess('test'), undefined)),
  );
  const found = alternatives(record, plane, new Replay(plane, bundle.entities));
  return {
    result: record.result,
    texts: found.map(({ edits, approvals }) =>
      [...edits.map(editText), ...approvals.map((one) => `lift ${one}`)].join(' + '),
    ),
  };
}

const permit = (condition: string): string => `@id("p") permit(principal, action, resource) when { ${condition} };`;
const forbid = (condition: string, notes = ''): string =>
  `@id("f") ${notes} forbid(principal, action, resource) when { ${condition} };`;
const ALL = '@id("all") permit(principal, action, resource);';

describe('what would permit it, by the operator of a condition', () => {
  it.each([
    ['==', permit('principal.name == "lena"'), 'User::"ana".name = "lena" instead of "ana"'],
    ['!=', permit('resource.state != "shut"'), 'Order::"o".state = "not shut" instead of "shut"'],
    ['>=, at its bound', permit('principal.level >= 3'), 'User::"ana".level = 3 instead of 1'],
    ['>, past its bound', permit('principal.level > 3'), 'User::"ana".level = 4 instead of 1'],
    [
      '<, before its bound',
      permit('context.input has amount && context.input.amount < 40'),
      'the argument amount 39 instead of 40',
    ],
    ['<=, the other way round', permit('3 <= principal.level'), 'User::"ana".level = 3 instead of 1'],
    [
      'a decimal',
      permit('principal.share.greaterThan(decimal("0.5"))'),
      'User::"ana".share = 0.5001 instead of 0.5000',
    ],
    ['a truth value', permit('principal.active'), 'User::"ana".active = true instead of false'],
    ['!', permit('!(resource.state == "shut")'), 'Order::"o".state = "not shut" instead of "shut"'],
    ['contains', permit('principal.tags.contains("vip")'), 'User::"ana".tags = "new", "vip" instead of "new"'],
    ['in', permit('principal in Role::"lead"'), 'User::"ana" in Role::"lead"'],
    ['in the scope', '@id("p") permit(principal in Role::"lead", action, resource);', 'User::"ana" in Role::"lead"'],
    [
      'if',
      permit('if principal.active then true else principal.level > 3'),
      'User::"ana".active = true instead of false',
    ],
  ])('%s', async (_clause, policies, text) => {
    const { result, texts } = await alternativesOf(policies);
    expect(result).toBe('deny');
    expect(texts).toContain(text);
  });
});

describe('what would permit it', () => {
  it.each([
    [
      'a forbid that does not apply',
      ALL + forbid('resource.state == "shut"'),
      'Order::"o".state = "not shut" instead of "shut"',
    ],
    [
      'an argument that is left out',
      ALL + forbid('context.input has amount'),
      'the argument amount left out instead of 40',
    ],
    ['less that was done so far', ALL + forbid('context.ledger.spent > 30'), 'so far, spent 30 instead of 40'],
    ['an approval, where it waits for one', ALL + forbid('resource.state == "shut"', '@requestable("desk")'), 'lift f'],
    [
      'two changes, where one is not enough',
      permit('principal.active && principal.level > 3'),
      'User::"ana".active = true instead of false + User::"ana".level = 4 instead of 1',
    ],
    [
      'a change and an approval',
      permit('principal.level > 3') + forbid('true', '@stepUp("x")'),
      'User::"ana".level = 4 instead of 1 + lift f',
    ],
  ])('%s', async (_clause, policies, text) => {
    expect((await alternativesOf(policies)).texts).toContain(text);
  });

  it.each([
    ["what is nobody's to change", permit('context.input.to == context.input.to && false')],
    ['three changes', permit('principal.active && principal.level > 3 && principal.name == "lena"')],
  ])('is not known of %s', async (_clause, policies) => {
    expect((await alternativesOf(policies)).texts).toEqual([]);
  });

  it('comes with what is easier first', async () => {
    const { texts } = await alternativesOf(
      permit('principal in Role::"lead"') +
        permit('context.input.to == "x"').replace('"p"', '"q"') +
        permit('principal.level > 3').replace('"p"', '"r"'),
    );
    expect(texts).toEqual(['User::"ana" in Role::"lead"', 'User::"ana".level = 4 instead of 1', 'the argument to "x"']);
  });
});

it('what would have denied it', async () => {
  const { result, texts } = await alternativesOf(permit('principal.level < 3') + forbid('context.input.amount > 50'));
  expect(result).toBe('allow');
  expect(texts).toEqual(['User::"ana".level = 3 instead of 1', 'the argument amount 51 instead of 40']);
});
