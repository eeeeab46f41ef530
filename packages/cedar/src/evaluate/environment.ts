import type { Entity, EntityUid } from '../values/entity.js';
import type { RecordValue } from '../values/value.js';

/** What a policy can see while it is evaluated. */
export interface Environment {
  readonly principal: Entity;
  readonly action: Entity;
  readonly resource: Entity;
  readonly context: RecordValue;
}

/** The entities that a policy set names, each once. A store gives its own object for each. */
export class EntityTable {
  private readonly indexes = new Map<string, Map<string, number>>();
  readonly uids: EntityUid[] = [];

  indexOf(uid: EntityUid): number {
    let ids = this.indexes.get(uid.type);
    if (ids === undefined) {
      ids = new Map();
      this.indexes.set(uid.type, ids);
    }
    let index = ids.get(uid.id);
    if (index === undefined) {
      index = this.uids.push(uid) - 1;
      ids.set(uid.id, index);
    }
    return index;
  }
}
