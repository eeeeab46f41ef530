import { expect, it } from 'vitest';
import { compile, Entities, explain, valueText } from '../src/index.js';

const POLICIES = `// who may view
@id("view")
permit (principal in Team::"support", action, resource)
when { resource.public || (resource.owner == principal && principal.level > 3) };
`;
const entities = Entities.fromJson([
  { uid: { type: 'User', id: 'ana' }, attrs: { level: 2 }, parents: [{ type: 'Team', id: 'support' }] },
  {
    uid: { type: 'Doc', id: '1' },
    attrs: { public: false, owner: { __entity: { type: 'User', id: 'ana' } } },
    parents: [],
  },
]);
const request = {
  principal: { type: 'User', id: 'ana' },
  action: { type: 'Action', id: 'view' },
  resource: { type: 'Doc', id: '1' },
};

it('tells which part did not hold, where it stands and what it read', () => {
  const { decision, policies } = explain(compile({ policies: POLICIES }), request, entities);
  expect(decision).toBe('deny');
  const [policy] = policies;
  expect(policy).toMatchObject({ policyId: 'view', applied: false });
  expect(policy?.parts.map(({ kind, text, holds }) => [kind, text, holds])).toEqual([
    ['scope', 'principal in Team::"support"', true],
    ['when', 'resource.public || (resource.owner == principal && principal.level > 3)', false],
  ]);
  expect(policy?.parts[1]?.position).toMatchObject({ line: 4, column: 8 });
  expect(policy?.reads.map(({ entity, attribute }) => `${entity.type}.${attribute}`)).toEqual([
    'Doc.public',
    'Doc.owner',
    'User.level',
  ]);
  const comparison = policy?.parts[1]?.trace.children[1]?.children[1];
  expect(comparison).toMatchObject({ op: '>', outcome: { kind: 'value', value: false } });
  expect(POLICIES.slice(comparison?.span?.start, comparison?.span?.end)).toBe('principal.level > 3');
});

it('shows what was not evaluated', () => {
  const open = Entities.fromJson([{ uid: request.resource, attrs: { public: true }, parents: [] }]);
  const policies = compile({ policies: POLICIES.replace('principal in Team::"support"', 'principal') });
  const [policy] = explain(policies, request, open).policies;
  expect(policy?.parts[0]?.trace.children[1]).toMatchObject({ op: '&&', outcome: { kind: 'skipped' }, children: [] });
});

it('tells what failed', () => {
  const policies = compile({ policies: 'permit(principal, action, resource) when { resource.nothing == 1 };' });
  const [policy] = explain(policies, request, entities).policies;
  expect(policy).toMatchObject({ applied: 'error', reads: [{ attribute: 'nothing', found: false }] });
  expect(valueText(1)).toBe('1');
});

it.each<[string, string, string]>([
  [
    'the side of && that is false',
    'when { resource.owner == principal && principal.level > 3 && resource.public }',
    'principal.level > 3',
  ],
  [
    'a side that is compound itself',
    'when { principal.level == 2 && (resource.public || principal.level > 3) }',
    '(resource.public || principal.level > 3)',
  ],
  [
    'the side of || that is true, under unless',
    'unless { resource.public || principal.level == 2 }',
    'principal.level == 2',
  ],
  ['a condition that is one', 'when { !(principal.level == 2) }', '!(principal.level == 2)'],
])('names the decisive part of a condition that does not hold: %s', (_what, condition, decisive) => {
  const [policy] = explain(
    compile({ policies: `permit(principal, action, resource) ${condition};` }),
    request,
    entities,
  ).policies;
  expect(policy?.parts.at(-1)).toMatchObject({ holds: false, decisive });
});

it('a condition that holds, or fails, has no decisive part', () => {
  const policies = compile({ policies: 'permit(principal, action, resource) when { resource.nothing == 1 };' });
  expect(explain(policies, request, entities).policies[0]?.parts.at(-1)).not.toHaveProperty('decisive');
});
