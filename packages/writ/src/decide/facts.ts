import { type Entity, type RecordValue, recordToJson } from '@writ/cedar';
import { type FactAge, withheldOf } from '../registry/live-facts.js';
import type { FactRecord } from './record.js';

interface Remembered {
  readonly attributes: RecordValue;
  readonly ancestors: ReadonlySet<Entity>;
  readonly tags: RecordValue;
  readonly fact: FactRecord;
}

/** hot: the fact last made of each entity. The attributes of an entity are replaced when they change, never mutated. */
const remembered = new WeakMap<Entity, Remembered>();

/**
 * Returns a resident entity as it is recorded: the same object until the entity changes.
 *
 * @param agesOf returns the ages of its attributes; called when it has changed
 */
export function factOf(entity: Entity, agesOf: () => ReadonlyMap<string, FactAge> | undefined): FactRecord {
  const known = remembered.get(entity);
  if (known?.attributes === entity.attributes && known.ancestors === entity.ancestors && known.tags === entity.tags)
    return known.fact;
  const ages = agesOf();
  const withheld = withheldOf(entity);
  const fact: FactRecord = {
    uid: { type: entity.type, id: entity.id },
    attributes: plain(recordToJson(entity.attributes)) as FactRecord['attributes'],
    ancestors: [...entity.ancestors].map(({ type, id }) => ({ type, id })),
    ...(entity.tags.size === 0 ? {} : { tags: plain(recordToJson(entity.tags)) as NonNullable<FactRecord['tags']> }),
    ...(ages === undefined ? {} : { ages: plainAges(ages) }),
    ...(withheld === undefined ? {} : { withheld: [...withheld] }),
  };
  remembered.set(entity, { attributes: entity.attributes, ancestors: entity.ancestors, tags: entity.tags, fact });
  return fact;
}

function plainAges(ages: ReadonlyMap<string, FactAge>): NonNullable<FactRecord['ages']> {
  return Object.fromEntries(
    [...ages].map(([name, { source, asOf }]) => [name, { source, asOf: new Date(asOf).toISOString() }]),
  );
}

/** Writes integers as text: a JSON number has 53 bits. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) out[key] = plain(item);
  return out;
}
