import { type Entity, type RecordValue, recordToJson } from '@writ/cedar';
import type { FactRecord } from './record.js';

interface Remembered {
  readonly attributes: RecordValue;
  readonly ancestors: ReadonlySet<Entity>;
  readonly fact: FactRecord;
}

/** What was last written of an entity. An entity's attributes are replaced when they change, never changed. */
const remembered = new WeakMap<Entity, Remembered>();

/** An entity as it goes into the record. */
export function factOf(entity: Entity): FactRecord {
  const known = remembered.get(entity);
  if (known?.attributes === entity.attributes && known.ancestors === entity.ancestors) return known.fact;
  const fact: FactRecord = {
    uid: { type: entity.type, id: entity.id },
    attributes: entity.attributes.size === 0 ? {} : plain(recordToJson(entity.attributes)),
    ancestors: [...entity.ancestors].map(({ type, id }) => ({ type, id })),
  };
  if (entity.canonical) remembered.set(entity, { attributes: entity.attributes, ancestors: entity.ancestors, fact });
  return fact;
}

/** Integers past 2^53 become text: the record is JSON. */
function plain(attributes: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(attributes, (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return JSON.parse(text) as Record<string, unknown>;
}
