import { expect, it } from 'vitest';
import { Coverage, compile, Entities, watched } from '../src/index.js';

const entities = Entities.fromJson([
  { uid: { type: 'User', id: 'ana' }, attrs: { level: 2 }, parents: [{ type: 'Team', id: 'support' }] },
]);

/** Decides a context under policies, and returns for each condition what it was seen to be: `t`, `f`, both or neither. */
const seen = (text: string, ...contexts: Readonly<Record<string, boolean | number>>[]): string[] => {
  const policies = compile({ policies: text });
  const coverage = new Coverage(policies.asts);
  const set = watched(policies, (env, store) => coverage.record(policies, env, store));
  for (const context of contexts) {
    const request = {
      principal: { type: 'User', id: 'ana' },
      action: { type: 'Action', id: 'view' },
      resource: { type: 'Doc', id: '1' },
      context,
    };
    expect(set.isAuthorized(request, entities)).toEqual(policies.isAuthorized(request, entities));
  }
  return coverage.report().flatMap(({ applied, conditions }) => [
    applied ? 'applied' : 'not applied',
    ...conditions.map((one) => {
      const place = one.span && text.slice(one.span.start, one.span.end);
      expect(place).toBe(one.text);
      return `${one.kind} ${one.text}: ${one.wasTrue ? 't' : ''}${one.wasFalse ? 'f' : ''}`;
    }),
  ]);
};

it('records what each operand was, and not what was skipped', () => {
  const policy = 'permit(principal, action, resource) when { context.a && (context.b || context.c) && context.d };';
  expect(seen(policy, { a: true, b: false, c: true, d: false })).toEqual([
    'not applied',
    'when context.a && (context.b || context.c) && context.d: f',
    'part context.a: t',
    'part (context.b || context.c): t',
    'part context.b: f',
    'part context.c: t',
    'part context.d: f',
  ]);
  expect(seen(policy, { a: false }).filter((line) => !line.endsWith(': '))).toEqual([
    'not applied',
    'when context.a && (context.b || context.c) && context.d: f',
    'part context.a: f',
  ]);
});

it('records several requests together, until both were seen', () => {
  const policy = 'forbid(principal, action, resource) unless { context.a || !(context.b && context.c) };';
  expect(seen(policy, { a: true }, { a: false, b: true, c: true }, { a: false, b: true, c: false })).toEqual([
    'applied',
    'unless context.a || !(context.b && context.c): tf',
    'part context.a: tf',
    'part !(context.b && context.c): tf',
    'part context.b: t',
    'part context.c: tf',
  ]);
});

it('records tests and branches of if, and no literal', () => {
  const policy =
    'permit(principal, action, resource) when { if context.a then context.b else false } unless { (if context.c then 1 else 2) == context.n };';
  expect(seen(policy, { a: true, b: true, c: false, n: 1 })).toEqual([
    'applied',
    'when if context.a then context.b else false: t',
    'part context.a: t',
    'part context.b: t',
    'unless (if context.c then 1 else 2) == context.n: f',
    'part context.c: f',
  ]);
});

it('records nothing of a condition that fails, nor of one after a scope or a condition that does not hold', () => {
  const policy = `permit(principal, action, resource) when { context.none } when { context.b };
permit(principal == User::"ben", action, resource) when { context.b };
@id("team") permit(principal in Team::"support", action, resource) when { principal.level - 3 == -1 };`;
  expect(seen(policy, { b: true })).toEqual([
    'not applied',
    'when context.none: ',
    'when context.b: ',
    'not applied',
    'when context.b: ',
    'applied',
    'when principal.level - 3 == -1: t',
  ]);
});

it('records over an index what it records without one', () => {
  const more = Array.from(
    { length: 30 },
    (_, i) => `@id("p${i}") permit(principal, action == Action::"a${i}", resource) when { context.a };`,
  ).join('\n');
  const own = '@id("own") permit(principal, action == Action::"view", resource) when { context.a };\n';
  expect(seen(`${own}${more}`, { a: true }).slice(0, 4)).toEqual([
    'applied',
    'when context.a: t',
    'not applied',
    'when context.a: ',
  ]);
});
