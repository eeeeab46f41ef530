import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CedarError,
  compile,
  Entities,
  Entity,
  type EntityJson,
  type EntityUid,
  Schema,
  WithheldAttributes,
} from '../src/index.js';

const uid = (id: string) => ({ type: 'G', id });
const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** The ancestors by the definition: walk the parents. */
function ancestorsOf(id: string, parents: ReadonlyMap<string, readonly string[]>): string[] {
  const found = new Set<string>();
  const stack = [...(parents.get(id) ?? [])];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (found.has(at)) continue;
    found.add(at);
    stack.push(...(parents.get(at) ?? []));
  }
  return [...found].sort();
}

const change = fc.oneof(
  fc.record({
    kind: fc.constant('upsert' as const),
    batch: fc.uniqueArray(fc.record({ id: fc.constantFrom(...IDS), level: fc.nat(9), parents: fc.subarray(IDS) }), {
      selector: ({ id }) => id,
      minLength: 1,
      maxLength: 3,
    }),
  }),
  fc.record({ kind: fc.constant('remove' as const), ids: fc.subarray(IDS, { minLength: 1, maxLength: 2 }) }),
);

describe('a store that changes in place', () => {
  it('is what its changes say: hierarchy, attributes, revision; a refused change changes nothing', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        const entities = Entities.fromJson([]);
        const parents = new Map<string, string[]>();
        const levels = new Map<string, number>();
        const policies = compile({ policies: 'permit(principal in G::"a", action, resource);' });
        for (const one of changes) {
          const revision = entities.revision;
          if (one.kind === 'remove') {
            entities.remove(one.ids.map(uid));
            for (const id of one.ids) {
              parents.delete(id);
              levels.delete(id);
            }
          } else {
            const after = new Map([...parents, ...one.batch.map(({ id, parents: p }) => [id, p] as const)]);
            const cyclic = one.batch.some(({ id }) => ancestorsOf(id, after).includes(id));
            const json = one.batch.map(
              ({ id, level, parents: p }): EntityJson => ({ uid: uid(id), attrs: { level }, parents: p.map(uid) }),
            );
            if (cyclic) {
              expect(() => entities.upsert(json)).toThrow(/its own ancestor/);
              expect(entities.revision).toBe(revision);
            } else {
              entities.upsert(json);
              for (const { id, level, parents: p } of one.batch) {
                parents.set(id, p);
                levels.set(id, level);
              }
              expect(entities.revision).toBeGreaterThan(revision);
            }
          }
          expect(entities.size).toBe(levels.size);
          for (const id of IDS) {
            const entity = entities.get(uid(id));
            expect(entity?.exists ?? false).toBe(levels.has(id));
            expect(entity?.attributes.get('level')).toBe(levels.get(id));
            expect([...(entity?.ancestors ?? [])].map((ancestor) => ancestor.id).sort()).toEqual(
              ancestorsOf(id, parents),
            );
            const request = { principal: uid(id), action: uid('x'), resource: uid('x') };
            const expected = id === 'a' || ancestorsOf(id, parents).includes('a');
            expect(policies.isAuthorized(request, entities).decision === 'allow').toBe(expected);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('decisions with many policies follow a change of the hierarchy', () => {
    const text = Array.from(
      { length: 40 },
      (_, i) => `@id("p${i}") permit(principal in G::"g${i}", action, resource);`,
    ).join('\n');
    const policies = compile({ policies: text });
    const entities = Entities.fromJson([{ uid: uid('ana'), parents: [uid('g1')] }]);
    const ask = () =>
      policies.isAuthorized({ principal: uid('ana'), action: uid('x'), resource: uid('x') }, entities).reasons;
    expect(ask()).toEqual(['p1']);
    entities.upsert([{ uid: uid('ana'), parents: [uid('g2')] }]);
    expect(ask()).toEqual(['p2']);
    entities.upsert([{ uid: uid('g2'), parents: [uid('g3'), uid('g1')] }]);
    expect(ask()).toEqual(['p1', 'p2', 'p3']);
    entities.remove([uid('g2')]);
    expect(ask()).toEqual(['p2']);
    entities.remove([uid('ana')]);
    expect(ask()).toEqual([]);
  });

  it('a batch is made whole or not at all', () => {
    const schema = Schema.parse('entity G in [G] { n: Long };');
    const entities = Entities.fromJson([{ uid: uid('a'), attrs: { n: 1 } }], { schema });
    const bad = [
      { uid: uid('a'), attrs: { n: 2 } },
      { uid: uid('b'), attrs: {} },
    ];
    expect(() => entities.upsert(bad)).toThrow(CedarError);
    expect(entities.get(uid('a'))?.attributes.get('n')).toBe(1);
    expect(entities.size).toBe(1);
    expect(() => entities.load('[{"uid":{"type":"G","id":"c"},"attrs":{"n":1}},{}]')).toThrow(CedarError);
    expect(entities.size).toBe(1);
  });

  it('a prepared change is checked before it is made, and is made on what it was checked on', () => {
    const entities = Entities.fromJson([{ uid: uid('a') }, { uid: uid('b'), parents: [uid('a')] }]);
    const change = entities.prepare([{ uid: uid('c'), parents: [uid('b')] }], [uid('a')]);
    expect([entities.get(uid('c'))?.exists, entities.get(uid('a'))?.exists]).toEqual([false, true]);
    change.apply();
    expect([entities.get(uid('c'))?.exists, entities.get(uid('a'))?.exists, entities.size]).toEqual([true, false, 2]);
    expect(() => entities.prepare([{ uid: uid('b'), parents: [uid('c')] }])).toThrow(/its own ancestor/);
    const late = entities.prepare([{ uid: uid('d') }]);
    entities.upsert([{ uid: uid('e') }]);
    expect(() => late.apply()).toThrow(/changed since/);
  });

  it('a read of an attribute that is withheld finds nothing and is told, however a policy reaches it', () => {
    const policies = compile({
      policies: `@id("direct") permit(principal, action == Action::"direct", resource) when { principal has level && principal.level == 1 };
        @id("far") permit(principal, action == Action::"far", resource) unless { principal.boss has level };
        @id("other") permit(principal, action == Action::"other", resource) when { principal.name == "n" };`,
    });
    const entities = Entities.fromJson([
      { uid: uid('a'), attrs: { name: 'n', level: 1, boss: { __entity: uid('b') } } },
      { uid: uid('b'), attrs: { level: 2 } },
    ]);
    const reads: string[] = [];
    for (const id of ['a', 'b']) {
      const entity = entities.get(uid(id)) as Entity;
      entity.attributes = new WithheldAttributes(entity, entity.attributes, new Set(['level']), (of, name) =>
        reads.push(`${of.id}.${name}`),
      );
    }
    const ask = (action: string, principal: EntityUid | Entity = uid('a')) =>
      policies.isAuthorized({ principal, action: { type: 'Action', id: action }, resource: uid('x') }, entities)
        .reasons;
    expect([ask('direct'), reads.splice(0)]).toEqual([[], ['a.level']]);
    expect([ask('far'), reads.splice(0)]).toEqual([['far'], ['b.level']]);
    expect([ask('other'), reads.splice(0)]).toEqual([['other'], []]);
    // What a request says takes no withheld attribute's place.
    const filled = entities.withAttributes(uid('a'), { level: 1, more: true });
    expect([ask('direct', filled), [...filled.attributes.keys()]]).toEqual([[], ['name', 'boss', 'more']]);
    expect(reads).toEqual(['a.level']);
  });

  it('what only values were put in for goes again, unless something refers to it', () => {
    const entities = Entities.fromJson([{ uid: uid('a') }]);
    for (const id of ['x', 'y']) entities.withValues(uid(id), entities.values('G', { n: 1 }));
    expect([entities.size, entities.get(uid('x'))?.attributes.get('n')]).toEqual([3, 1]);
    entities.upsert([{ uid: uid('b'), attrs: { of: { __entity: uid('y') } } }]);
    const referred = entities.get(uid('y'));
    for (const id of ['x', 'y']) entities.withoutValues(uid(id));
    expect([entities.size, entities.get(uid('x')), entities.get(uid('y'))]).toEqual([2, undefined, referred]);
    expect([referred?.exists, referred?.attributes.size]).toEqual([false, 0]);
    entities.withValues(uid('y'), entities.values('G', { n: 2 }));
    expect(entities.get(uid('y'))).toBe(referred);
  });

  it('a copy of an entity that is in more than the store says is found by both, with an index and without', () => {
    const many = Array.from(
      { length: 40 },
      (_, i) => `@id("n${i}") permit(principal in G::"n${i}", action, resource == G::"r");`,
    );
    const policies = [
      '@id("group") permit(principal in G::"g", action, resource == G::"r");',
      '@id("self") permit(principal == G::"a", action, resource == G::"r");',
      '@id("above") forbid(principal in G::"top", action, resource in G::"r");',
      ...many,
    ].join('');
    for (const indexFrom of [1, 1_000]) {
      const set = compile({ policies }, { indexFrom });
      const entities = Entities.fromJson([
        { uid: uid('a'), parents: [uid('n1')] },
        { uid: uid('g') },
        { uid: uid('top') },
      ]);
      const own = entities.get(uid('a')) as Entity;
      const within = (...groups: string[]): Entity => {
        const copy = new Entity('G', 'a');
        copy.exists = true;
        copy.ancestors = new Set([...own.ancestors, ...groups.map((id) => entities.intern(uid(id)))]);
        return copy;
      };
      const ask = (principal: Entity) =>
        set.isAuthorized({ principal, action: { type: 'Action', id: 'x' }, resource: uid('r') }, entities).reasons;
      expect(ask(own)).toEqual(['self', 'n1']);
      expect(ask(within('g'))).toEqual(['group', 'self', 'n1']);
      expect(ask(within('g', 'top'))).toEqual(['above']);
      expect(ask(own)).toEqual(['self', 'n1']);
    }
  });

  it('two stores with one policy set do not mix', () => {
    const policies = compile({ policies: 'permit(principal in G::"a", action, resource);' });
    const [inside, outside] = [
      Entities.fromJson([{ uid: uid('x'), parents: [uid('a')] }]),
      Entities.fromJson([{ uid: uid('x') }]),
    ];
    const request = { principal: uid('x'), action: uid('y'), resource: uid('z') };
    for (let i = 0; i < 3; i += 1) {
      expect(policies.isAuthorized(request, inside).decision).toBe('allow');
      expect(policies.isAuthorized(request, outside).decision).toBe('deny');
    }
  });
});
