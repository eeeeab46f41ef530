import type { EntityUid } from './uid.js';
import type { RecordValue, Value } from './value.js';

/** Told of each read of an attribute that is withheld. */
export type OnWithheld = (entity: EntityUid, attribute: string) => void;

/**
 * The attributes of an entity of which some are not to be relied on: too old, or not to be had now. A policy that reads one finds it
 * absent, and the reader is told, so that it can tell an answer that rests on the absence from one that does not.
 *
 * @example entity.attributes = new WithheldAttributes(entity, known, new Set(['clearance']), (uid, name) => reads.push(name));
 */
export class WithheldAttributes extends Map<string, Value> {
  constructor(
    readonly entity: EntityUid,
    known: RecordValue,
    readonly withheld: ReadonlySet<string>,
    private readonly onRead: OnWithheld,
  ) {
    super();
    for (const [name, value] of known) if (!withheld.has(name)) super.set(name, value);
  }

  override get(name: string): Value | undefined {
    if (this.withheld.has(name)) this.onRead(this.entity, name);
    return super.get(name);
  }

  override has(name: string): boolean {
    if (this.withheld.has(name)) this.onRead(this.entity, name);
    return super.has(name);
  }

  /** The same, with more attributes to come; those that are withheld stay so. */
  copy(): WithheldAttributes {
    return new WithheldAttributes(this.entity, this, this.withheld, this.onRead);
  }
}
