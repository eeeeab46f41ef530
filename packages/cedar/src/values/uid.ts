/** The name of an entity, as in `User::"alice"`. */
export interface EntityUid {
  readonly type: string;
  readonly id: string;
}

/** The Cedar text form of a uid, for people and messages. */
export function uidText({ type, id }: EntityUid): string {
  // hot: JSON changes nothing in most ids.
  return PLAIN.test(id) ? `${type}::"${id}"` : `${type}::${JSON.stringify(id)}`;
}

/** ASCII that is seen, without `"` and `\\`. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** The message for a uid whose id its enumerated type does not have. */
export function outsideEnumeration(uid: EntityUid): string {
  return `${uidText(uid)} is not one of the ids that the schema enumerates`;
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
