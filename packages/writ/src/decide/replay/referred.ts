import { type Dereferences, Entity, type RecordValue, type Value } from '@writ/cedar';
import type { Registry } from '../../registry/registry.js';
import { factOf } from '../facts.js';
import type { FactRecord } from '../record.js';

/** The most entities that are recorded in addition to those of the request, and the most steps that they are away. */
const MAX_REFERRED = 64;
const MAX_STEPS = 4;

/**
 * Returns the facts of the entities that policies can reach from those of a request, as they are recorded: with them, the record has
 * everything that was decided on. Undefined if policies reach none.
 */
export function referredFacts(
  { follows, named }: Dereferences,
  entities: readonly Entity[],
  context: Readonly<Record<string, unknown>>,
  registry: Registry,
): readonly FactRecord[] | undefined {
  if (!follows && named.length === 0) return undefined;
  const known = new Set<Entity>(entities.map((entity) => registry.entities.get(entity) ?? entity));
  const found: Entity[] = [];
  const take = (entity: Entity | undefined): void => {
    if (entity === undefined || !entity.exists || known.has(entity) || found.length >= MAX_REFERRED) return;
    known.add(entity);
    found.push(entity);
  };
  for (const uid of named) take(registry.entities.get(uid));
  if (follows) {
    for (const entity of entities) entitiesIn(entity.attributes, take);
    entitiesInJson(context, (uid) => take(registry.entities.get(uid)));
    for (let depth = 1, from = 0; depth < MAX_STEPS && from < found.length; depth += 1) {
      const until = found.length;
      for (; from < until; from += 1) entitiesIn((found[from] as Entity).attributes, take);
    }
  }
  return found.map((entity) => factOf(entity, () => registry.live.agesOf(entity)));
}

function entitiesIn(values: RecordValue, take: (entity: Entity) => void): void {
  for (const value of values.values()) inValue(value, take);
}

function inValue(value: Value, take: (entity: Entity) => void): void {
  if (value instanceof Entity) take(value);
  else if (value instanceof Map) entitiesIn(value as RecordValue, take);
  else if (typeof value === 'object' && value !== null && Symbol.iterator in value)
    for (const item of value as Iterable<Value>) inValue(item, take);
}

function entitiesInJson(value: unknown, take: (uid: { type: string; id: string }) => void): void {
  if (typeof value !== 'object' || value === null) return;
  const { __entity: uid } = value as { __entity?: { type: string; id: string } };
  if (uid !== undefined) take(uid);
  else for (const item of Object.values(value)) entitiesInJson(item, take);
}
