import { describe, expect, it } from 'vitest';
import { CedarError, compile, Entities, parseUid, Schema, uidText } from '../src/index.js';

const uid = (type: string, id: string) => ({ type, id });
const request = { principal: uid('User', 'ana'), action: uid('Action', 'view'), resource: uid('Photo', '1') };
const none = Entities.fromJson([]);

describe('compile', () => {
  it('denies without a policy', () => {
    expect(compile({ policies: '' }).isAuthorized(request, none)).toEqual({
      decision: 'deny',
      reasons: [],
      errors: [],
      permitted: false,
    });
  });

  it('lets a forbid win over any permit', () => {
    const policies = compile({
      policies:
        '@id("a") permit(principal, action, resource); @id("b") forbid(principal == User::"ana", action, resource);',
    });
    expect(policies.isAuthorized(request, none)).toEqual({
      decision: 'deny',
      reasons: ['b'],
      errors: [],
      permitted: true,
    });
  });

  it('reports a policy that fails and goes on', () => {
    const policies = compile({
      policies: 'forbid(principal, action, resource) when { 1 < "x" }; permit(principal, action, resource);',
    });
    const { decision, reasons, errors } = policies.isAuthorized(request, none);
    expect({ decision, reasons }).toEqual({ decision: 'allow', reasons: ['policy1'] });
    expect(errors).toEqual([{ policyId: 'policy0', message: 'type error: expected long, got string' }]);
  });

  it('names policies without an @id by their place in the text, whatever stands between them', () => {
    const text =
      '// permit(principal, action, resource);\n permit(principal, action, resource) when { "a;b" == "a;b" };\n// x\nforbid(principal, action, resource) when { false };';
    expect([...compile({ policies: text }).policies.keys()]).toEqual(['policy0', 'policy1']);
  });

  it('links templates', () => {
    const policies = compile({
      policies: '@id("t") permit(principal == ?principal, action, resource in ?resource);',
      templateLinks: [
        { templateId: 't', newId: 'l', values: { '?principal': uid('User', 'ana'), '?resource': uid('Photo', '1') } },
      ],
    });
    expect(policies.isAuthorized(request, none).reasons).toEqual(['l']);
    expect(policies.isAuthorized({ ...request, principal: uid('User', 'ben') }, none).decision).toBe('deny');
  });

  it('takes the forms of a policy set that the official engine takes', () => {
    const text = '@id("a") permit(principal, action, resource);';
    const json = {
      effect: 'permit',
      principal: { op: 'All' },
      action: { op: 'All' },
      resource: { op: 'All' },
      conditions: [],
      annotations: { id: 'a' },
    };
    for (const policies of [
      text,
      [text],
      [json],
      { staticPolicies: text },
      { staticPolicies: [json] },
      { staticPolicies: { a: json } },
      { staticPolicies: { a: text } },
    ]) {
      expect(compile({ policies }).isAuthorized(request, none)).toEqual({
        decision: 'allow',
        reasons: ['a'],
        errors: [],
        permitted: true,
      });
    }
    for (const policies of [
      null,
      7,
      [7],
      [null],
      { staticPolicies: { a: 1 } },
      { staticPolicies: { a: `${text}${text}` } },
      [{ effect: 'maybe' }],
      ['permit(principal == ?principal, action, resource);'],
    ]) {
      expect(() => compile({ policies: policies as never })).toThrow(CedarError);
    }
  });

  it('takes templates and links as JSON', () => {
    const policies = compile({
      policies: {
        templates: { t: 'permit(principal == ?principal, action, resource);' },
        templateLinks: [{ templateId: 't', newId: 'l', values: { '?principal': { __entity: uid('User', 'ana') } } }],
      },
    });
    expect(policies.isAuthorized(request, none).reasons).toEqual(['l']);
  });

  it.each([
    ['a text that does not parse', 'permit(principal, action, resource) when {\n  1 <\n};', { line: 3, column: 1 }],
    [
      'an error behind wide characters',
      '// 😀é\npermit(principal, action, resource) when { "😀" == };',
      { line: 2, column: 52 },
    ],
    [
      'an integer that is too large',
      'permit(principal, action, resource) when { 9223372036854775808 > 1 };',
      { line: 1, column: 44 },
    ],
    ['a statement that is not closed', 'permit(principal, action, resource)', { line: 1, column: 36 }],
  ])('says where: %s', (_name, policies, at) => {
    expect.assertions(2);
    try {
      compile({ policies });
    } catch (error) {
      expect((error as CedarError).code).toBe('policy');
      expect((error as CedarError).position).toMatchObject(at);
    }
  });

  it('refuses two policies of one id', () => {
    const twice = '@id("a") permit(principal, action, resource); @id("a") forbid(principal, action, resource);';
    expect(() => compile({ policies: twice })).toThrow(/two policies have the id `a`/);
  });

  it('reads the context under the schema', () => {
    const schema =
      'entity User; entity Photo; action view appliesTo { principal: User, resource: Photo, context: { from: ipaddr } };';
    const policies = compile({
      policies: 'permit(principal, action, resource) when { context.from.isLoopback() };',
      schema,
    });
    expect(policies.isAuthorized({ ...request, context: { from: '127.0.0.1' } }, none).decision).toBe('allow');
    for (const context of [{}, { from: 1 }, { from: '1.2.3' }, { from: '127.0.0.1', more: 1 }, { from: null }]) {
      expect(() => policies.isAuthorized({ ...request, context }, none)).toThrow(CedarError);
    }
  });
});

describe('Entities', () => {
  it('refuses a cycle, a duplicate and what the schema does not declare', () => {
    const of = (id: string, ...parents: string[]) => ({
      uid: uid('G', id),
      attrs: {},
      parents: parents.map((p) => uid('G', p)),
    });
    expect(() => Entities.fromJson([of('a', 'b'), of('b', 'c'), of('c', 'a')])).toThrow(/its own ancestor/);
    expect(() => Entities.fromJson([of('a', 'a')])).toThrow(/its own ancestor/);
    expect(() => Entities.fromJson([of('a'), of('a')])).toThrow(/given twice/);
    const schema = Schema.parse('entity G in [G] { n: Long };');
    expect(() => Entities.fromJson([of('a')], { schema })).toThrow(/`n` is required/);
    expect(() => Entities.fromJson([{ uid: uid('H', 'a'), attrs: {}, parents: [] }], { schema })).toThrow(
      /not declared/,
    );
  });

  it('resolves a hierarchy deeper than the stack', () => {
    const list = Array.from({ length: 3_000 }, (_, i) => ({
      uid: uid('G', String(i)),
      attrs: {},
      parents: [uid('G', String(i + 1))],
    }));
    expect(Entities.fromJson(list).get(uid('G', '0'))?.ancestors.size).toBe(3_000);
  });

  it('fills attributes in and never overrides one', () => {
    const entities = Entities.fromJson([{ uid: uid('User', 'ana'), attrs: { level: 1 }, parents: [uid('G', 'a')] }]);
    const ana = entities.withAttributes(uid('User', 'ana'), { level: 9, extra: 2 });
    expect([...ana.attributes]).toEqual([
      ['level', 1],
      ['extra', 2],
    ]);
    expect(ana.ancestors.size).toBe(1);
    expect(entities.get(uid('User', 'ana'))?.attributes.has('extra')).toBe(false);
  });
});

describe('uids', () => {
  it('read what they write', () => {
    for (const one of [uid('User', 'a"b\\c'), uid('A::B', ''), uid('Agent', '😀')])
      expect(parseUid(uidText(one))).toEqual(one);
    for (const text of ['User', 'User::x', 'User::"a', '::"a"', 'User::"a" ']) expect(parseUid(text)).toBeUndefined();
  });
});
