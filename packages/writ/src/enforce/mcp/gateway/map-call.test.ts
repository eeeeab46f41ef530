import { Schema } from '@writ/cedar';
import type { CallingClient } from '@writ/enforce';
import { MappingError } from '@writ/enforce';
import { describe, expect, it } from 'vitest';
import { type BundleMappings, CallMapper, type MappedServer } from './map-call.js';
import { mapperOf } from './mapper-of.js';

const ANA: CallingClient = {
  ...{ originator: { type: 'User', id: 'ana' }, agent: { type: 'Agent', id: 'bot' }, task: 't' },
};
const RESOURCE = { type: 'doc', id: '$params.arguments.id' };
const MAPPING = { evaluation: { action: { name: 'read' }, resource: RESOURCE } };
const OURS = { input: { id: 'd1' }, task: 't', agent: ANA.agent, upstream: { server: 's', tool: 'get' } };

const bundleMapping: readonly BundleMappings[] = [{ server: 's', tools: { get: MAPPING } }];
const declaring = (mapping: unknown): Readonly<Record<string, unknown>> => ({ 'x-authzen-mapping': mapping });

function map(
  mappings: readonly BundleMappings[],
  server: MappedServer,
  actions: ReadonlySet<string> | 'no-schema',
  inputSchema: Readonly<Record<string, unknown>> = {},
) {
  const call = { server: 's', tool: 'get', shown: 's_get', arguments: { id: 'd1' }, inputSchema };
  return new CallMapper(mappings, { s: server }, actions).map(call, ANA);
}

describe('a call without a mapping', () => {
  it.each<[string, ReadonlySet<string> | 'no-schema', string, { type: string; id: string }]>([
    ['is its tool, where the schema has that action', new Set(['s_get']), 's_get', { type: 'Tool', id: 's_get' }],
    ['is its tool, where nobody knows the schema', 'no-schema', 's_get', { type: 'Tool', id: 's_get' }],
    ['is its tool, where the schema has neither', new Set(['x']), 's_get', { type: 'Tool', id: 's_get' }],
    ['is `tools/call`, where only that is there', new Set(['tools/call']), 'tools/call', { type: 'tool', id: 's_get' }],
  ])('%s', (_what, actions, action, resource) => {
    const [request, ...more] = map([], {}, actions);
    expect(more).toEqual([]);
    expect(request).toEqual({ subject: ANA.originator, action: { name: action }, resource, context: OURS });
  });
});

describe('a call with a mapping', () => {
  it('is what the bundle says, with what the gateway knows', () => {
    expect(map(bundleMapping, {}, new Set())).toEqual([
      { subject: ANA.originator, action: { name: 'read' }, resource: { type: 'doc', id: 'd1' }, context: OURS },
    ]);
  });

  it('cannot say what the gateway says', () => {
    const context = { task: 'other', input: 'none', agent: 'Agent::"eve"', upstream: 'x', case: 'c-1' };
    const [request] = map(
      [{ server: 's', tools: { get: { evaluation: { ...MAPPING.evaluation, context } } } }],
      {},
      new Set(),
    );
    expect(request.context).toEqual({ ...OURS, case: 'c-1' });
  });

  it.each<[string, MappedServer, string]>([
    ['counts where the bundle lets the server declare', { mappings: 'declared' }, 'read'],
    ['does not count where the bundle does not', { mappings: 'bundle' }, 's_get'],
    ['does not count where the bundle does not say', {}, 's_get'],
  ])('of its server %s', (_what, server, action) => {
    expect(map([], server, 'no-schema', declaring(MAPPING))[0].action.name).toBe(action);
  });

  it('of the bundle counts before that of its server', () => {
    const other = { evaluation: { action: { name: 'other' }, resource: RESOURCE } };
    const [{ action }] = map(bundleMapping, { mappings: 'declared' }, 'no-schema', declaring(other));
    expect(action.name).toBe('read');
  });

  it.each<[string, unknown]>([
    ...['input', 'task', 'session', 'upstream', 'prompt', 'suspended', 'findings', 'approval', 'atLeast', 'proof'].map(
      (name): [string, unknown] => [
        `sets \`${name}\``,
        { evaluation: { ...MAPPING.evaluation, context: { [name]: 'x' } } },
      ],
    ),
    [
      'names the folder that its server serves',
      { evaluation: { ...MAPPING.evaluation, context: { a: '$server.root' } } },
    ],
    ['has no action', { evaluation: { resource: RESOURCE } }],
    ['is too long', { evaluation: { ...MAPPING.evaluation, context: { a: 'x'.repeat(17_000) } } }],
    [
      'takes more than linear time',
      { evaluation: { ...MAPPING.evaluation, context: { a: '$params.name.matches("a")' } } },
    ],
    ['names another subject', { evaluation: { ...MAPPING.evaluation, subject: { id: 'bob' } } }],
  ])('of its server is an error if it %s', (_what, mapping) => {
    expect(() => map([], { mappings: 'declared' }, 'no-schema', declaring(mapping))).toThrow(MappingError);
  });
});

describe('what a list shows', () => {
  const listed = (mapping: unknown) =>
    new CallMapper([], { s: { mappings: 'declared' } }, 'no-schema').listed({
      ...{ server: 's', tool: 'get', shown: 's_get', inputSchema: declaring(mapping) },
    });

  it.each<[string, unknown, unknown]>([
    ['what can be known before a call', MAPPING, [{ action: 'read', resource: { type: 'doc' } }]],
    [
      'nothing if the action depends on arguments',
      { evaluation: { action: { name: '$params.name' }, resource: RESOURCE } },
      undefined,
    ],
    [
      'an action that nobody has if no call could be decided on',
      { evaluation: {} },
      [{ action: '', resource: { type: '' } }],
    ],
  ])('is %s', (_what, mapping, expected) => {
    expect(listed(mapping)).toEqual(expected);
  });
});

describe('the mapper of a bundle', () => {
  const schema = Schema.parse(
    'entity doc; entity User; action "tools/list", read appliesTo { principal: User, resource: doc };',
  );
  const servers = { s: { root: '${data}/files', mappings: 'declared' as const } };
  const root = { type: 'doc', id: '$server.root' };
  const mappings = [{ server: 's', tools: { get: { evaluation: { action: { name: 'read' }, resource: root } } } }];
  const bundle = { root: '/bundle', schema, mappings, settings: { gateway: { servers } } };

  it('knows the actions of the schema, and the folders of servers', () => {
    const mapper = mapperOf(bundle, '/data');
    expect([mapper.decides('tools/list'), mapper.decides('initialize')]).toEqual([true, false]);
    const [request] = mapper.map({ server: 's', tool: 'get', arguments: {} }, ANA);
    expect(request.resource.id).toBe('/data/files');
  });

  it('takes mappings from nobody but the bundle, where its caller says so', () => {
    const call = { server: 's', tool: 'put', arguments: { id: 'd1' }, inputSchema: declaring(MAPPING) };
    expect(mapperOf(bundle, '/data').map(call, ANA)[0].action.name).toBe('read');
    expect(mapperOf(bundle, '/data', 'bundle').map(call, ANA)[0].action.name).toBe('put');
  });
});
