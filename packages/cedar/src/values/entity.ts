import type { RecordValue } from './value.js';

/** The name of an entity, as in `User::"alice"`. */
export interface EntityUid {
  readonly type: string;
  readonly id: string;
}

const EMPTY: RecordValue = new Map();
const NONE: ReadonlySet<Entity> = new Set();

/**
 * An entity as the evaluator sees it. In a store there is one object for each uid, also for a uid that is only
 * referred to (`exists` is false then), so that `==` and `in` are comparisons of references.
 */
export class Entity implements EntityUid {
  exists = false;
  attributes: RecordValue = EMPTY;
  tags: RecordValue = EMPTY;
  parents: ReadonlySet<Entity> = NONE;
  /** Every entity that this one is in, transitively; itself not included. Replaced when it changes, never changed. */
  ancestors: ReadonlySet<Entity> = NONE;

  /** What an index remembers of this entity; only the index that wrote it reads it. */
  memo: unknown = undefined;

  constructor(
    readonly type: string,
    readonly id: string,
    /** Whether this is the one object that a store has for the uid. */
    readonly canonical = false,
  ) {}
}

/** The Cedar text form of a uid, for people and messages. */
export function uidText(uid: EntityUid): string {
  return `${uid.type}::${JSON.stringify(uid.id)}`;
}

export function sameUid(a: EntityUid, b: EntityUid): boolean {
  return a === b || (a.id === b.id && a.type === b.type);
}

/**
 * Reads the text form of a uid; undefined when it is not one.
 *
 * @example parseUid('User::"ana"') // { type: 'User', id: 'ana' }
 */
export function parseUid(text: string): EntityUid | undefined {
  const match = /^([A-Za-z_]\w*(?:::[A-Za-z_]\w*)*)::("(?:[^"\\]|\\.)*")$/.exec(text);
  if (match === null) return undefined;
  try {
    return { type: match[1] as string, id: JSON.parse(match[2] as string) as string };
  } catch {
    return undefined;
  }
}
