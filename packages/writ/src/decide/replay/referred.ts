import { type Dereferences, Entity, type RecordValue, type Value } from '@writ/cedar';
import type { Registry } from '../../registry/registry.js';
import { factOf } from '../facts.js';
import type { FactRecord } from '../record.js';

/** So many entities further than the request's own are recorded, and so far away. */
const MOST = 64;
const FARTHEST = 4;

/**
 * The entities that policies can come to from those of a request, and that the registry has, as they go on the record: what was
 * decided on is in it whole.
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
    if (entity === undefined || !entity.exists || known.has(entity) || found.length >= MOST) return;
    known.add(entity);
    found.push(entity);
  };
  for (const uid of named) take(registry.entities.get(uid));
  if (follows) {
    for (const entity of entities) entitiesIn(entity.attributes, take);
    entitiesInJson(context, (uid) => take(registry.entities.get(uid)));
    for (let depth = 1, from = 0; depth < FARTHEST && from < found.length; depth += 1) {
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
