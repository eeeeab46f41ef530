import type { Entities } from '../entities/entities.js';
import type { Expr } from '../policy/ast.js';
import { finish, type Steps } from '../steps.js';
import type { EntityUid } from '../values/uid.js';
import { type Entity, type RecordValue, SetValue, type Value } from '../values/value.js';

/** What a policy can see while it is evaluated. */
export interface Environment {
  readonly principal: Entity;
  readonly action: Entity;
  readonly resource: Entity;
  readonly context: RecordValue;
}

/** What policies name and a store resolves: an entity, or a set of entities by their places in the table. */
type Named = { readonly uid: EntityUid } | { readonly members: readonly number[] };

/** The entities, and the sets of entities, that a policy set names, each once. */
export class NameTable {
  private readonly entities = new Map<string, Map<string, number>>();
  private readonly sets = new Map<string, number>();
  private readonly names: Named[] = [];
  /** How many functions were generated for the policies of the table. */
  generated = 0;

  indexOf(uid: EntityUid): number {
    let ids = this.entities.get(uid.type);
    if (ids === undefined) {
      ids = new Map();
      this.entities.set(uid.type, ids);
    }
    let index = ids.get(uid.id);
    if (index === undefined) {
      index = this.names.push({ uid }) - 1;
      ids.set(uid.id, index);
    }
    return index;
  }

  indexOfSet(uids: readonly EntityUid[]): number {
    const members = uids.map((uid) => this.indexOf(uid));
    const key = members.join();
    let index = this.sets.get(key);
    if (index === undefined) {
      index = this.names.push({ members }) - 1;
      this.sets.set(key, index);
    }
    return index;
  }

  /** The names as a store's own objects. */
  resolve(entities: Entities): Value[] {
    return finish(this.resolving(entities));
  }

  /** Resolves the names step by step. */
  *resolving(entities: Entities): Steps<Value[]> {
    const values: Value[] = [];
    for (const name of this.names) {
      values.push(
        'uid' in name ? entities.intern(name.uid) : new SetValue(name.members.map((member) => values[member] as Value)),
      );
      yield;
    }
    return values;
  }
}

/** The uids of a set of entity literals; undefined for any other expression, and for the empty set. */
export function entitySetOf(expr: Expr): EntityUid[] | undefined {
  if (expr.op !== 'set' || expr.items.length === 0) return undefined;
  const uids: EntityUid[] = [];
  for (const item of expr.items) {
    if (item.op !== 'entity') return undefined;
    uids.push(item.uid);
  }
  return uids;
}
