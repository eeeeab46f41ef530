import { type ActionDeclaration, type Entity, uidText } from '@writ/cedar';
import type { AccessRequest } from '@writ/sdk/authzen';
import { describe, expect, it } from 'vitest';
import { planeFrom } from '../../test/planes.js';
import type { Txn } from '../lib/ids.js';
import { seconds, toMillis } from '../lib/units.js';
import type { Provenance } from '../provenance/path.js';
import type { RoleGrant } from '../registry/grants.js';
import type { Identities } from '../registry/identities.js';
import { inProcess } from './caller.js';
import type { DataFlow } from './data-flow.js';
import {
  EntityGatherer,
  eventOf,
  inMore,
  joinedProvenance,
  keyOfTask,
  ledgerNames,
  lineageOf,
  missingFacts,
  provenanceOf,
  revocableOf,
  schemaErrorOf,
  taskKeyOf,
} from './gather.js';

const plane = planeFrom({
  'schema.cedarschema': `
    entity Role;
    entity User in [Role] = { level?: Long, owner?: String };
    entity Agent in [Role] = { owner?: User };
    entity Order = { state: String, note?: String };
    action refund appliesTo { principal: [User, Agent], resource: [Order], context: { ledger: { spent: Long, count?: Long } } };
    action look appliesTo { principal: [User], resource: [Order] };`,
  'entities/all.json': JSON.stringify([
    { uid: { type: 'User', id: 'ana' }, attrs: { level: 2 }, parents: [] },
    { uid: { type: 'User', id: 'eve' }, attrs: { owner: 'User::"lena"' }, parents: [] },
    { uid: { type: 'Agent', id: 'bot' }, attrs: { owner: { __entity: { type: 'User', id: 'ana' } } }, parents: [] },
    { uid: { type: 'Order', id: 'o' }, attrs: { state: 'open' }, parents: [] },
    { uid: { type: 'Role', id: 'lead' }, attrs: {}, parents: [] },
  ]),
  'ledger.yaml':
    'accumulators:\n  spent: { key: originator, sum: input.amount }\n  count: { key: originator, count: true }\n',
  'policies/all.cedar': '@id("p") permit(principal, action, resource);',
});
const { registry, actions } = plane;
const [ana, bot, order] = [
  { type: 'User', id: 'ana' },
  { type: 'Agent', id: 'bot' },
  { type: 'Order', id: 'o' },
];
const request = (change: Partial<AccessRequest> = {}): AccessRequest => ({
  ...{ subject: ana, action: { name: 'refund' }, resource: order },
  ...change,
});
const token = (change: Partial<Provenance> = {}): Provenance => ({
  ...{ path: [ana, bot], assurance: 3, txn: 'txn-1' as Txn },
  ...change,
});

describe('provenanceOf', () => {
  it.each([
    ['the subject alone', {}, [ana]],
    ['an agent in the context', { context: { agent: 'bot' } }, [ana, bot]],
    ['an actor of the subject', { subject: { ...ana, properties: { act: { sub: 'bot' } } } }, [ana, bot]],
    ['no properties of the subject', { subject: { ...ana, properties: { level: 9 } } }, [ana]],
  ])('has %s', (_clause, change, path) => {
    expect(provenanceOf(request(change))).toEqual({ path, assurance: 1 });
  });

  it('says what cannot be read', () => {
    expect(provenanceOf(request({ context: { agent: 7 } }))).toMatch(/^`context.agent` must be/);
  });
});

describe('joinedProvenance', () => {
  it.each([
    ['the token alone, if the request names nobody else', {}, [ana, bot], 3],
    ['nobody twice', { context: { agent: 'bot' } }, [ana, bot], 3],
    [
      'agents that the request names too, as asserted',
      { context: { agent: 'x' } },
      [ana, bot, { type: 'Agent', id: 'x' }],
      1,
    ],
  ])('has %s', (_clause, change, path, assurance) => {
    expect(joinedProvenance(token(), request(change))).toEqual({ path, assurance, txn: 'txn-1' });
  });

  it.each([
    ['a request for somebody else', { subject: { type: 'User', id: 'ben' } }, 'the token is for User::"ana"'],
    ['a path that cannot be read', { context: { agent: 7 } }, '`context.agent`'],
  ])('refuses %s', (_clause, change, message) => {
    expect(joinedProvenance(token(), request(change))).toContain(message);
  });
});

describe('schemaErrorOf', () => {
  const refund = actions.get('refund') as ActionDeclaration;
  it.each([
    ['fits', [ana, bot], order, undefined],
    [
      'lets no such identity act',
      [ana, { type: 'Role', id: 'r' }],
      order,
      'the schema lets no Role do refund; it lets User and Agent',
    ],
    [
      'lets nobody act on such a resource',
      [ana],
      ana,
      'the schema does not let refund be done to a User; it is for Order',
    ],
  ])('%s', (_clause, identities, resource, expected) => {
    expect(schemaErrorOf(plane.schema, refund, identities, resource)).toBe(expected);
  });

  it('refuses an id that the schema does not enumerate (RFC 53), of an identity and of a resource', () => {
    const { schema, actions: declared } = planeFrom({
      'schema.cedarschema':
        'entity Job enum ["nightly"]; entity Env enum ["dev"]; action run appliesTo { principal: [Job], resource: [Env] };',
      'policies/all.cedar': '@id("p") permit(principal, action, resource);',
    });
    const run = declared.get('run') as ActionDeclaration;
    const fits = (job: string, env: string) =>
      schemaErrorOf(schema, run, [{ type: 'Job', id: job }], { type: 'Env', id: env });
    expect(fits('nightly', 'dev')).toBeUndefined();
    expect(fits('nightly', 'prod')).toBe('the schema does not enumerate Env::"prod"');
    expect(fits('Nightly', 'dev')).toBe('the schema does not enumerate Job::"Nightly"');
  });
});

describe('EntityGatherer', () => {
  const all = inProcess('test');
  const none = { ...all, rights: { ...all.rights, assert: () => false } };
  const gather = (properties: Record<string, unknown>, caller = all, type = 'User', id = 'ana') => {
    const gatherer = new EntityGatherer(registry, caller);
    const entity = gatherer.identity({ type, id }, { type: 'User', id: 'ana', properties }, []);
    return { entity, fact: gatherer.facts[0], ignored: gatherer.ignored };
  };

  it.each([
    ['a fact wins over what is asserted', { level: 9 }, all, { level: 2 }, undefined, []],
    ['what no fact says may be asserted', { owner: 'x' }, all, { level: 2, owner: 'x' }, ['owner'], []],
    ['not by a caller that may not', { owner: 'x' }, none, { level: 2 }, undefined, ['subject.owner']],
    ['null is not there', { owner: null }, all, { level: 2 }, undefined, []],
    ['the schema has to declare it', { shoe: 43 }, all, { level: 2 }, undefined, []],
  ])('%s', (_clause, properties, caller, attributes, asserted, ignored) => {
    const found = gather(properties, caller);
    const seen = [...found.entity.attributes].map(([name, value]) => [
      name,
      typeof value === 'bigint' ? Number(value) : value,
    ]);
    expect(Object.fromEntries(seen)).toEqual(attributes);
    expect(found.fact?.attributes).toEqual({ level: 2 });
    expect(found.fact?.asserted).toEqual(asserted);
    expect(found.ignored).toEqual(ignored);
  });

  it('takes the properties of the subject for nobody else on the path', () => {
    const { entity, fact, ignored } = gather({ level: 9 }, all, 'User', 'eve');
    expect([[...entity.attributes.keys()], fact?.asserted, ignored]).toEqual([['owner'], undefined, []]);
  });

  it('adds memberships that are granted, and says so on the record', () => {
    const gatherer = new EntityGatherer(registry, all);
    const grant = { id: 'g-1', in: { type: 'Role', id: 'lead' } } as RoleGrant;
    const entity = gatherer.identity(ana, ana, [grant]);
    expect([...entity.ancestors].map(uidText)).toEqual(['Role::"lead"']);
    expect(gatherer.facts[0]?.granted).toEqual([{ grant: 'g-1', in: grant.in }]);
    expect([...(registry.resident(ana) as Entity).ancestors]).toEqual([]);
  });

  it('knows nothing of an entity that the registry does not have', () => {
    const gatherer = new EntityGatherer(registry, all);
    expect(gatherer.resource({ type: 'Order', id: 'gone' }).attributes.size).toBe(0);
    expect(gatherer.facts).toEqual([{ uid: { type: 'Order', id: 'gone' }, attributes: {}, ancestors: [] }]);
  });
});

it('inMore leaves the entity itself as it is', () => {
  const [entity, role] = [registry.resident(ana), registry.resident({ type: 'Role', id: 'lead' })] as Entity[];
  const more = inMore(entity as Entity, [role as Entity]);
  expect([more.ancestors.has(role as Entity), (entity as Entity).ancestors.has(role as Entity)]).toEqual([true, false]);
  expect(more.attributes).toBe((entity as Entity).attributes);
});

it('missingFacts names what the schema requires and nobody holds', () => {
  const entities = ['o', 'gone'].map(
    (id) => registry.entities.get({ type: 'Order', id }) ?? registry.unknown({ type: 'Order', id }),
  );
  expect(missingFacts(registry, entities)).toEqual([{ entity: { type: 'Order', id: 'gone' }, attribute: 'state' }]);
});

describe('revocableOf', () => {
  const identities: Pick<Identities, 'find'> = {
    find: ({ id }) =>
      id === 'bot' ? ({ version: '2', manifest: 'sha256:m', parent: 'Agent::"base"' } as never) : undefined,
  };
  it.each([
    ['the path and the action', {}, {}, { path: [ana, bot], action: 'refund' }],
    ['the transaction, before the name of the task', { context: { task: 't' } }, {}, { task: 'txn-1' }],
    ['the name of the task without a transaction', { context: { task: 't' } }, { txn: undefined }, { task: 't' }],
    ['both sessions', { context: { session: 'one' } }, { session: 'two' }, { sessions: ['two', 'one'] }],
    [
      'the server and the tool',
      { context: { upstream: { server: 's', tool: 't' } } },
      {},
      { upstream: 's', tool: 't' },
    ],
    [
      'the tokens, and the sign-in',
      {},
      { tokens: ['j'], provedAt: toMillis(seconds(9)) },
      { tokens: ['j'], provedAt: 9_000 },
    ],
    ['registered versions, of the parent too', {}, {}, { versions: ['Agent::"bot"@2', 'Agent::"base"@2', 'sha256:m'] }],
    [
      'versions that the request says, of everybody on the path',
      { context: { agent: { type: 'Agent', id: 'bot', version: '1', manifest: 'sha256:x' } } },
      {},
      { versions: expect.arrayContaining(['User::"ana"@1', 'Agent::"bot"@1', 'sha256:x', 'Agent::"bot"@2']) },
    ],
  ] as const)('has %s', (_clause, change, of, expected) => {
    expect(revocableOf(request(change), token(of as object), identities)).toMatchObject(expected);
  });
});

describe('lineageOf', () => {
  it.each([
    ['the originator', [ana, bot], 'User::"ana"'],
    ['the owner, an entity', [bot], 'User::"ana"'],
    ['the owner, a text', [{ type: 'User', id: 'eve' }], 'User::"lena"'],
    ['somebody unknown', [{ type: 'User', id: 'gone' }], 'User::"gone"'],
  ])('is %s', (_clause, path, expected) => {
    expect(lineageOf(registry, token({ path: path as unknown as Provenance['path'] }))).toBe(expected);
  });
});

describe('the key of a task', () => {
  const named = (change: Partial<AccessRequest>, of: Partial<Provenance> = {}): string =>
    taskKeyOf(request(change), token({ txn: undefined, ...of } as Partial<Provenance>));

  it('is that of its transaction, whoever works on it under which name', () => {
    expect(taskKeyOf(request({ context: { task: 'a' } }), token())).toBe(keyOfTask('txn-1' as Txn));
  });

  it('differs by name, originator and actor without one', () => {
    const keys = [
      named({ context: { task: 'a' } }),
      named({ context: { task: 'b' } }),
      named({}),
      named({ context: { task: 'a' } }, { path: [ana] }),
      named({ context: { task: 'a' } }, { path: [{ type: 'User', id: 'ben' }, bot] }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is never that of a transaction, whatever name is chosen', () => {
    expect(named({ context: { task: '["txn","txn-1"]' } })).not.toBe(keyOfTask('txn-1' as Txn));
  });
});

it('eventOf keeps a session apart for each originator and actor', () => {
  const flow: DataFlow = { tool: plane.tools.of('refund'), call: undefined, addedLabels: ['x'], data: undefined };
  const task = keyOfTask('txn-1' as Txn);
  const event = (path: Provenance['path']) =>
    eventOf(request({ context: { session: 's', input: { amount: 3 } } }), token({ path }), {
      ...{ task, taskName: undefined, lineage: 'User::"ana"', flow },
    });
  expect(event([ana, bot])).toMatchObject({
    ...{ action: 'refund', input: { amount: 3 }, labels: ['x'], lineage: 'User::"ana"', resource: order },
    keys: { task, actor: 'Agent::"bot"', originator: 'User::"ana"', resource: 'Order::"o"' },
  });
  expect(event([ana, bot]).keys.session).not.toBe(event([ana]).keys.session);
});

it.each([
  ['refund', ['count', 'spent'], ['count']],
  ['look', [], []],
])('ledgerNames tells the accumulators of %s, and the optional ones', (action, all, optional) => {
  const [names, ifKnown] = ledgerNames(actions.get(action) as ActionDeclaration);
  expect([[...names].sort(), [...ifKnown]]).toEqual([all, optional]);
});
