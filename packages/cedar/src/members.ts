/** An object of JSON, read by name. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Something that is wrong with the members of an object. */
interface MemberProblem {
  readonly message: string;
  readonly help?: string | undefined;
}

/**
 * Returns what is wrong with the members of an object: the first that the format does not know, or that it requires and
 * that is missing; undefined if nothing is. A member that is passed over may have been meant to restrict.
 */
export function memberProblem(
  object: JsonObject,
  required: readonly string[],
  optional: readonly string[] = [],
): MemberProblem | undefined {
  const known = [...required, ...optional];
  for (const name of Object.keys(object)) {
    if (known.includes(name)) continue;
    const meant = closest(name, known);
    return {
      message: `unknown member \`${name}\``,
      help: meant === undefined ? `the members here are ${known.join(', ')}` : `did you mean \`${meant}\`?`,
    };
  }
  for (const name of required) {
    if (!Object.hasOwn(object, name) || object[name] === undefined)
      return { message: `the member \`${name}\` is missing` };
  }
  return undefined;
}

/** Returns the known name that differs least, in at most a third of its letters; undefined if no name is that near. */
function closest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < least && edits <= Math.max(1, Math.ceil(candidate.length / 3))) [best, least] = [candidate, edits];
  }
  return best;
}

/** The edit distance of two short names (Levenshtein). */
function distance(a: string, b: string): number {
  if (a.length > 40) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
