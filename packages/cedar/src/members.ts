import { closest } from './closest.js';

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
