import { type Integrity, integrityLevel } from './labels.js';
import { type Leaf, pathText } from './result-labels.js';

/** An answer is nested no deeper than its values are labelled. */
const MAX_DEPTH = 64;

/**
 * Returns the part of an answer whose values are worth at least `least`; the others are as if the answer did not have them. An item of
 * a list is null then, so that the others keep their places. A member whose name is worth less stays only if it is among the
 * names that the author of the bundle wrote.
 *
 * @param leaves the values of the answer with their labels, also by the arguments that they repeat
 */
export function trustedPart(
  value: unknown,
  leaves: readonly Leaf[],
  { least, names, input }: { readonly least: Integrity; readonly names: ReadonlySet<string>; readonly input: unknown },
): unknown {
  const level = integrityLevel(least);
  const flags = flagsIn(input);
  /** Places with a value that is worth less. Another value at the same place can stand beside the answer. */
  const [trusted, doubted] = [new Set<string>(), new Set<string>()];
  for (const leaf of leaves) {
    const integrity = leaf.isName === true ? integrityLevel('attested') : 4;
    const is = Math.min(integrity, integrityLevel(leaf.labels.integrity)) >= level;
    (is ? trusted : doubted).add(keyOf(leaf.at, leaf.value));
  }
  const isTrusted = (at: string, one: unknown): boolean => {
    const key = keyOf(at, one);
    return trusted.has(key) && !doubted.has(key);
  };
  const visit = (one: unknown, place: readonly (string | number)[]): unknown => {
    if (one === null) return null;
    const at = pathText(place);
    // A flag is too short to be found again as an echo; its name is not.
    if (typeof one === 'boolean' && flags.has(String(place.at(-1)))) return undefined;
    if (typeof one !== 'object') return isTrusted(at, one) ? one : undefined;
    if (place.length >= MAX_DEPTH) return undefined;
    if (Array.isArray(one)) return one.map((item, i) => visit(item, [...place, i]) ?? null);
    const members = Object.entries(one).flatMap(([name, item]) => {
      if (!names.has(name) && !isTrusted(at, name)) return [];
      const part = visit(item, [...place, name]);
      return part === undefined ? [] : [[name, part] as const];
    });
    return Object.fromEntries(members);
  };
  return visit(value, []);
}

/** Returns the names of the arguments that are true or false, at whatever depth. */
function flagsIn(input: unknown, depth = 0, found = new Set<string>()): ReadonlySet<string> {
  if (typeof input !== 'object' || input === null || depth >= MAX_DEPTH) return found;
  for (const [name, one] of Object.entries(input)) {
    if (typeof one === 'boolean') found.add(name);
    else flagsIn(one, depth + 1, found);
  }
  return found;
}

function keyOf(at: string, value: unknown): string {
  return `${at}\n${typeof value} ${String(value)}`;
}
