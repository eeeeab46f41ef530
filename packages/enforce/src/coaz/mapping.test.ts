import { describe, expect, it } from 'vitest';
import { MappingError } from '../errors.js';
import { compileMapping, type MappingOptions } from './mapping.js';

const TOKEN = { sub: 'alice@example.com', client_id: 'http://agentprovider.com/agent-app-id', roles: ['treasury'] };
const OPTIONS: MappingOptions = {
  path: 'mapping',
  variables: ['params', 'token'],
  isTrusted: true,
  hasDefaultAction: false,
  reserved: new Set(),
};
const fill = (mapping: unknown, args: object = {}, options: Partial<MappingOptions> = {}) =>
  compileMapping(mapping, { ...OPTIONS, ...options }).fill(
    { params: { name: 'tool', arguments: args }, token: TOKEN },
    TOKEN.sub,
  );
const RESOURCE = { type: 'doc', id: '1' };
const ACTION = { name: 'read' };

describe('mappings (COAZ framework)', () => {
  it('evaluation: one request', () => {
    const mapping = {
      evaluation: {
        subject: { type: 'identity', id: '$token.sub' },
        action: { name: "$params.arguments.currency == 'USD' ? 'domestic' : 'international'", properties: { a: 1 } },
        resource: {
          type: 'account',
          id: '$params.arguments.from',
          properties: { big: '$params.arguments.amount > 10000' },
        },
        context: {
          agent: '$token.?client_id',
          case: '$params.arguments.?case',
          role: "$token.roles.exists(r, r == 'treasury')",
        },
      },
    };
    expect(fill(mapping, { currency: 'USD', from: 'a-1', amount: 20_000 })).toEqual([
      {
        action: { name: 'domestic', properties: { a: 1 } },
        resource: { type: 'account', id: 'a-1', properties: { big: true } },
        context: { agent: 'http://agentprovider.com/agent-app-id', role: true },
      },
    ]);
  });

  it('evaluations: one request an entry, whose members take the place of those of the top', () => {
    const mapping = {
      evaluations: {
        subject: { id: '$token.sub' },
        action: ACTION,
        context: { from: 'top' },
        evaluations: [
          { resource: { type: 'object', id: '$params.arguments.source' } },
          { action: { name: 'write' }, resource: { type: 'object', id: '$params.arguments.destination' }, context: {} },
        ],
      },
    };
    expect(fill(mapping, { source: '/a', destination: '/b' })).toEqual([
      { action: { name: 'read' }, resource: { type: 'object', id: '/a' }, context: { from: 'top' } },
      { action: { name: 'write' }, resource: { type: 'object', id: '/b' }, context: {} },
    ]);
  });

  it('a list that an expression gives is one value, and not several requests', () => {
    const mapping = { evaluation: { action: ACTION, resource: RESOURCE, context: { all: '$params.arguments.ids' } } };
    expect(fill(mapping, { ids: ['a', 'b'] })).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['no envelope', {}],
    ['two envelopes', { evaluation: { action: ACTION, resource: RESOURCE }, evaluations: {} }],
    ['an envelope that is not known', { search: { action: ACTION, resource: RESOURCE } }],
    ['no object', 'evaluation'],
    ['a list', [{ evaluation: {} }]],
    ['no action', { evaluation: { resource: RESOURCE } }],
    ['no resource', { evaluation: { action: ACTION } }],
    ['a member that is not of a request', { evaluation: { action: ACTION, resource: RESOURCE, decision: true } }],
    ['a member that is not of a resource', { evaluation: { action: ACTION, resource: { ...RESOURCE, owner: 'me' } } }],
    ['no evaluations', { evaluations: { action: ACTION, resource: RESOURCE, evaluations: [] } }],
    [
      'too many evaluations',
      { evaluations: { action: ACTION, resource: RESOURCE, evaluations: new Array(33).fill({}) } },
    ],
    [
      'options, such as permit_on_first_permit',
      { evaluations: { action: ACTION, options: {}, evaluations: [{ resource: RESOURCE }] } },
    ],
    [
      'a subject in an entry',
      { evaluations: { action: ACTION, evaluations: [{ subject: { id: 'eve' }, resource: RESOURCE }] } },
    ],
    ['CEL that does not parse', { evaluation: { action: { name: '$params.' }, resource: RESOURCE } }],
    ['a variable that there is not', { evaluation: { action: { name: '$env.HOME' }, resource: RESOURCE } }],
    [
      'what only the enforcement point says',
      { evaluation: { action: ACTION, resource: RESOURCE, context: { approval: 'x' } } },
    ],
  ])('malformed: %s', (_what, mapping) => {
    expect(() => compileMapping(mapping, { ...OPTIONS, reserved: new Set(['approval']) })).toThrow(MappingError);
  });

  it.each<[string, Record<string, unknown>]>([
    ['an argument that is not there', { resource: { type: 'doc', id: '$params.arguments.id' } }],
    ['a resource id that is absent', { resource: { type: 'doc', id: '$params.arguments.?id' } }],
    ['a resource id that is null', { resource: { type: 'doc', id: '$params.arguments.none' } }],
    ['a resource id that is no text', { resource: { type: 'doc', id: '$params.arguments.n' } }],
    ['a resource id that is empty', { resource: { type: 'doc', id: "$''" } }],
    ['an action that is absent', { action: { name: '$token.?action' } }],
    ['properties that are no object', { resource: { ...RESOURCE, properties: '$params.arguments.n' } }],
    ['a context that is no object', { context: '$params.arguments.n' }],
    ['what only the enforcement point says, out of an argument', { context: '$params.arguments.map' }],
    ['another subject', { subject: { id: '$params.arguments.user' } }],
    ['another subject, as a constant', { subject: { id: 'bob@example.com' } }],
  ])('a mapping error: %s', (_what, more) => {
    const mapping = { evaluation: { action: ACTION, resource: RESOURCE, ...more } };
    const args = { n: 7, none: null, user: 'bob@example.com', map: { approval: 'x' } };
    expect(() => fill(mapping, args, { reserved: new Set(['approval']) })).toThrow(MappingError);
  });

  it('a subject that is left out, or absent, is who the credential is about', () => {
    for (const subject of [undefined, {}, { type: 'user' }, { id: '$token.?nobody' }, { id: '$token.sub' }])
      expect(fill({ evaluation: { subject, action: ACTION, resource: RESOURCE } })).toHaveLength(1);
  });

  it.each<[string, string]>([
    ['one macro within another', '$params.arguments.ids.all(a, params.arguments.ids.all(b, a != b)) ? "x" : "y"'],
    ['a macro in the body of a map', '$params.arguments.ids.map(a, params.arguments.ids.filter(b, a == b).size())'],
    ['a pattern', '$params.arguments.id.matches("(a+)+$") ? "x" : "y"'],
    ['more text than any mapping needs', `$'${'x'.repeat(2_000)}'`],
  ])('of others, what takes more than linear time is refused: %s', (_what, id) => {
    const mapping = { evaluation: { action: ACTION, resource: { type: 'doc', id } } };
    expect(() => compileMapping(mapping, { ...OPTIONS, isTrusted: false })).toThrow(MappingError);
    expect(() => compileMapping(mapping, OPTIONS)).not.toThrow();
  });

  it('of others, one macro after another is taken', () => {
    const id = "$params.arguments.ids.filter(a, a != '').map(a, a + '!')[0]";
    const mapping = { evaluation: { action: ACTION, resource: { type: 'doc', id } } };
    expect(fill(mapping, { ids: ['', 'a'] }, { isTrusted: false })[0].resource.id).toBe('a!');
  });

  it('tells what it will come to, as far as it can be told', () => {
    const of = (body: object) => compileMapping({ evaluation: body }, { ...OPTIONS, hasDefaultAction: true }).foreseen;
    expect(of({ resource: RESOURCE })).toEqual([{ action: undefined, resource: RESOURCE }]);
    expect(of({ action: ACTION, resource: { type: 'doc', id: '$params.name' } })).toEqual([
      { action: 'read', resource: { type: 'doc' } },
    ]);
    expect(of({ action: { name: '$params.name' }, resource: RESOURCE })).toBeUndefined();
    expect(of({ resource: { type: '$params.name', id: '1' } })).toBeUndefined();
  });
});
