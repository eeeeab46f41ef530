import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CedarError, compile, Entities, type EntityJson, Schema } from '../src/index.js';

/** Hostile input neither crashes nor hangs nor changes another request's answer. */

const uid = { type: 'T', id: 'x' };
const request = { principal: uid, action: uid, resource: uid };
const none = Entities.fromJson([]);
const policy = (body: string): string => `permit(principal, action, resource) when { ${body} };`;
const decide = (policies: string, context = {}): string =>
  compile({ policies }).isAuthorized({ ...request, context }, none).decision;

describe('deep nesting', () => {
  // Unguarded, each of these leaves the official engine's WebAssembly without a stack, for every later caller.
  it.each([
    ['parentheses', (n: number) => `${'('.repeat(n)}true${')'.repeat(n)}`],
    ['sets', (n: number) => `${'['.repeat(n)}${']'.repeat(n)} == []`],
    ['records', (n: number) => `${'{a:'.repeat(n)}1${'}'.repeat(n)} == 1`],
    ['arguments', (n: number) => `${'context.x.contains('.repeat(n)}1${')'.repeat(n)}`],
    ['negations', (n: number) => `${'!('.repeat(n)}true${')'.repeat(n)}`],
    ['ifs', (n: number) => `${'if true then '.repeat(n)}true${' else false'.repeat(n)}`],
    ['elses', (n: number) => `${'if false then true else '.repeat(n)}true`],
    ['ors', (n: number) => Array(n).fill('resource == T::"y"').join(' || ')],
    ['conditions', (n: number) => `true${' } when { true'.repeat(n)}`],
    ['attributes', (n: number) => `principal${'.a'.repeat(n)} == 1`],
  ])('%s are an error of the policy, and the next policy is fine', (_name, body) => {
    for (const n of [50, 150, 500, 5_000, 50_000]) {
      try {
        decide(policy(body(n)));
      } catch (error) {
        expect(error).toBeInstanceOf(CedarError);
        expect((error as CedarError).code).toBe('policy');
      }
      expect(decide(policy('1 == 1'))).toBe('allow');
    }
    expect(() => decide(policy(body(50_000)))).toThrow(CedarError);
  });

  it('a policy in JSON', () => {
    const nested = (depth: number): object => {
      let body: object = { Value: true };
      for (let i = 0; i < depth; i += 1) body = { '!': { arg: body } };
      return body;
    };
    const decided = (depth: number): string => {
      const all = { op: 'All' };
      const json = {
        effect: 'permit',
        principal: all,
        action: all,
        resource: all,
        conditions: [{ kind: 'when', body: nested(depth) }],
      };
      return compile({ policies: { staticPolicies: { a: json } } }).isAuthorized(request, none).decision;
    };
    expect(decided(700)).toBe('allow');
    expect(() => decided(20_000)).toThrow(CedarError);
  });

  it('a schema', () => {
    expect(() => Schema.parse(`entity A { a: ${'Set<'.repeat(500)}Long${'>'.repeat(500)} };`)).toThrow(CedarError);
    let type: object = { type: 'Long' };
    for (let i = 0; i < 5_000; i += 1) type = { type: 'Set', element: type };
    const entityTypes = { A: { shape: { type: 'Record', attributes: { a: type } } } };
    expect(() => Schema.parse({ '': { entityTypes, actions: {} } })).toThrow(CedarError);
    expect(Schema.parse('entity A;').entityTypes.has('A')).toBe(true);
  });

  it('types that are small as a text and large when they are written out', () => {
    const chain = (levels: number, width: number): string => {
      const uses = (i: number) => Array.from({ length: width }, (_, n) => `a${n}: T${i - 1}`).join(', ');
      const types = Array.from({ length: levels }, (_, i) => `type T${i + 1} = { ${uses(i + 1)} };\n`);
      return `type T0 = { a: Long };\n${types.join('')}entity U = { t: T${levels} };\naction a appliesTo { principal: U, resource: U };`;
    };
    for (const [levels, width] of [
      [40, 2],
      [4, 100],
    ] as const)
      expect(() => Schema.parse(chain(levels, width))).toThrow(/parts with its types written out/);
    const backwards = chain(600, 1).split('\n').reverse().join('\n');
    expect(() => Schema.parse(backwards)).toThrow('more than 500 types are made of each other');
    expect(() => Schema.parse(chain(12, 2))).not.toThrow();
    expect(() => Schema.parse(chain(3, 30))).not.toThrow();
    // A name of an attribute may be that of a type, and two namespaces may have one.
    expect(() =>
      Schema.parse(
        'namespace A { type T = { type: Long }; } namespace B { type T = { T: A::T }; entity E = { T: T }; }',
      ),
    ).not.toThrow();
  });

  it('a context and an entity', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 5_000; i += 1) deep = [deep];
    const policies = compile({ policies: policy('true') });
    expect(() => policies.isAuthorized({ ...request, context: { deep } as never }, none)).toThrow(CedarError);
    expect(() => Entities.fromJson([{ uid, attrs: { deep } }])).toThrow(CedarError);
  });
});

describe('special names', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])('%j is a name like any other', (name) => {
    const quoted = JSON.stringify(name);
    const policies = compile({
      policies: policy(`context has ${quoted} && context[${quoted}] == 1 && !(principal has ${quoted})`),
    });
    const context = JSON.parse(`{${quoted}: 1}`) as Record<string, number>;
    expect(policies.isAuthorized({ ...request, context }, none).decision).toBe('allow');
    expect(policies.isAuthorized(request, none).decision).toBe('deny');
    expect(({} as Record<string, unknown>)['1']).toBeUndefined();
  });

  it('as ids, types and policy ids', () => {
    for (const name of ['__proto__', 'constructor']) {
      const entities = Entities.fromJson(
        JSON.parse(`[{"uid":{"type":"${name}","id":"${name}"},"attrs":{}}]`) as EntityJson[],
      );
      const policies = compile({
        policies: `@id("${name}") @${name}("x") permit(principal == ${name}::"${name}", action, resource);`,
      });
      const principal = { type: name, id: name };
      expect(policies.isAuthorized({ ...request, principal }, entities).reasons).toEqual([name]);
      expect(policies.policies.get(name)?.annotations[name]).toBe('x');
      expect(policies.isAuthorized(request, entities).decision).toBe('deny');
    }
  });
});

describe('text', () => {
  it('half a surrogate pair is itself, and no policy can mean U+FFFD by it', () => {
    expect(() => compile({ policies: 'permit(principal == T::"\ud800", action, resource);' })).toThrow(CedarError);
    const policies = compile({ policies: 'permit(principal == T::"\ufffd", action, resource);' });
    expect(policies.isAuthorized({ ...request, principal: { type: 'T', id: '\ud800' } }, none).decision).toBe('deny');
  });

  it('names that look alike are different names', () => {
    const policies = compile({ policies: 'permit(principal == T::"é", action, resource);' });
    for (const id of ['e\u0301', 'É', 'é ', 'é\u200b', 'é\0']) {
      expect(policies.isAuthorized({ ...request, principal: { type: 'T', id } }, none).decision).toBe('deny');
    }
  });

  it('10 MB and a pattern with many wildcards', () => {
    const policies = compile({ policies: policy(`context.s like "${'*a'.repeat(200)}*b"`) });
    const started = Date.now();
    const answer = policies.isAuthorized({ ...request, context: { s: 'a'.repeat(10_000_000) } }, none);
    expect(answer.decision).toBe('deny');
    expect(Date.now() - started).toBeLessThan(20_000);
  });

  it('a set of 200,000', () => {
    const policies = compile({ policies: policy('context.s.contains(199999) && context.s.containsAll(context.s)') });
    const context = { s: Array.from({ length: 200_000 }, (_, i) => i) };
    expect(policies.isAuthorized({ ...request, context }, none).decision).toBe('allow');
  });
});

describe('requests', () => {
  const policies = compile({ policies: 'permit(principal, action, resource);' });
  it.each([
    ['no principal', { action: uid, resource: uid }],
    ['a principal that is text', { ...request, principal: 'T::"x"' }],
    ['an id that is a number', { ...request, resource: { type: 'T', id: 1 } }],
    ['a context that is a list', { ...request, context: [] }],
    ['null in the context', { ...request, context: { a: null } }],
    ['a fraction in the context', { ...request, context: { a: 1.5 } }],
    ['an integer past 64 bits', { ...request, context: { a: 2n ** 63n } }],
    ['an extension that is none', { ...request, context: { a: { __extn: { fn: 'eval', arg: '1' } } } }],
    ['an entity without id', { ...request, context: { a: { __entity: { type: 'T' } } } }],
  ])('%s is an error of the request', (_name, bad) => {
    expect(() => policies.isAuthorized(bad as never, none)).toThrow(CedarError);
    expect(policies.isAuthorized(request, none).decision).toBe('allow');
  });

  it('what one request makes up is not there for the next', () => {
    const strict = compile({ policies: policy('context.who.level == 1') });
    const context = { who: { __entity: { type: 'T', id: 'made up' } } };
    expect(strict.isAuthorized({ ...request, context }, none).errors).toHaveLength(1);
    expect(none.get({ type: 'T', id: 'made up' })).toBeUndefined();
  });
});

describe('without code generation', () => {
  it('the closures give the same answers (node --disallow-code-generation-from-strings)', () => {
    const main = fileURLToPath(new URL('../dist/fuzz/main.js', import.meta.url));
    const { stdout, status } = spawnSync(
      process.execPath,
      ['--disallow-code-generation-from-strings', main, '--minutes', '0.03'],
      { encoding: 'utf8' },
    );
    expect([status, stdout]).toEqual([0, expect.stringMatching(/1000 cases agree/)]);
  });
});
