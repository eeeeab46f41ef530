import { memo } from '../../lib/memo.js';
import type { Role } from './declared-tool.js';
import type { ToolDescription } from './tool-description.js';

/** A value of a call, by the role that it is traced in. */
export interface CallValue {
  readonly argument: string;
  /** The place as it is described; the name of the argument if nothing describes it. */
  readonly at: string;
  readonly role: Role;
  readonly kind: string | undefined;
  readonly value: string | number;
  /** Whether nothing describes it, so that it counts as content. */
  readonly isUndescribed: boolean;
  /** Whether it is a truth value, which says as much as one sign. */
  readonly isFlag?: true;
}

/** The most values of one argument that are traced; the rest counts as one value that was never said. */
const MAX_VALUES = 1_000;
const MAX_DEPTH = 64;
/** A number of more characters can be the code of a text. */
const MAX_PLAIN_NUMBER = 2;
/** Stands for what was not looked at; nobody ever said it. */
export const UNSEEN = '\0';

const UNDESCRIBED_ROLES: readonly Role[] = ['destination', 'content'];
const NO_NAMES: ReadonlySet<string> = new Set();

/** Returns whether texts of a tool count as content if nothing describes them: whether it sends, writes or changes something. */
function hasContentByDefault({ isDescribed, effects }: ToolDescription): boolean {
  return isDescribed && effects.some((effect) => effect !== 'read');
}

/**
 * Returns the values of a call that are traced. Texts that no role is given to are content, if the tool does more than read; so
 * are names of members that the schema does not have. Of a tool that nothing describes, all values are traced.
 *
 * @param declared the names of members that the schema has: they say nothing. Without it, no name does
 */
export function callValues(
  tool: ToolDescription,
  input: unknown,
  declared?: ReadonlySet<string>,
): readonly CallValue[] {
  if (!tool.isDescribed)
    return Object.entries(recordOf(input)).flatMap(([argument, value]) =>
      scalarsIn(value, declared).flatMap((one) =>
        UNDESCRIBED_ROLES.map((role) => ({ ...traced(argument, argument, role, one), isUndescribed: false })),
      ),
    );
  const values: CallValue[] = tool.programRoles.map((one) => ({ ...one, isUndescribed: false }));
  const covered = new Set<unknown>();
  const given = recordOf(input);
  for (const described of tool.arguments) {
    const { argument, path, role, kind, query } = described;
    const add = (found: unknown): void => {
      for (const value of scalarsIn(found, role === 'content' ? declared : undefined))
        values.push({ argument, at: path, role, kind, value, isUndescribed: false });
    };
    if (query === undefined) {
      add(given[argument]);
      continue;
    }
    for (const { value, location } of query.query(input as never).nodes) {
      covered.add(JSON.stringify(location));
      add(value);
    }
  }
  if (!hasContentByDefault(tool)) return values;
  const whole = wholeOf(tool);
  const sends = tool.effects.includes('egress');
  for (const argument of Object.keys(given)) {
    if (whole.has(argument)) continue;
    const value = given[argument];
    if (!isName(argument, declared))
      values.push({ ...traced(argument, argument, 'content', argument), isUndescribed: true });
    // A short number alone is no text; a truth value is, where something leaves.
    if (value === true && sends)
      values.push({ ...traced(argument, argument, 'content', 'true'), isUndescribed: true, isFlag: true });
    if (typeof value === 'boolean' || value === null) continue;
    if (typeof value === 'number' && String(value).length <= MAX_PLAIN_NUMBER) continue;
    for (const one of scalarsIn(value, declared, [argument], covered))
      values.push({ ...traced(argument, argument, 'content', one), isUndescribed: true });
  }
  return values;
}

function isName(name: string, declared: ReadonlySet<string> | undefined): boolean {
  return declared === undefined || declared.has(name);
}

function traced(
  argument: string,
  at: string,
  role: Role,
  value: string | number,
): Omit<CallValue, 'isUndescribed' | 'isFlag'> {
  return { argument, at, role, kind: undefined, value };
}

/** Returns the arguments that are described as a whole. */
const wholeOf = memo(
  (tool: ToolDescription): ReadonlySet<string> =>
    new Set(tool.arguments.flatMap(({ argument, query }) => (query === undefined ? argument : []))),
);

/**
 * Returns the texts and numbers in a value, at whatever depth, white space also; and, in lists, truth values and empty texts, which
 * can say as much as a text there.
 *
 * @param names the names of members that say nothing; without it no name is a value, unless it has a truth value alone
 * @param covered places that are traced already, as JSON
 */
export function scalarsIn(
  value: unknown,
  names: ReadonlySet<string> | undefined,
  place: readonly (string | number)[] = [],
  covered?: ReadonlySet<unknown>,
): (string | number)[] {
  // hot: most arguments are one text or number.
  if (typeof value === 'number' || (typeof value === 'string' && value !== '')) {
    if (covered === undefined || covered.size === 0) return [value];
  }
  const out: (string | number)[] = [];
  const isCovered = (at: readonly (string | number)[]): boolean =>
    covered !== undefined && covered.size > 0 && covered.has(JSON.stringify(at));
  const look = (at: unknown, way: readonly (string | number)[], depth: number, isListed: boolean): void => {
    if (isCovered(way)) return;
    if (out.length === MAX_VALUES || depth > MAX_DEPTH) out.push(UNSEEN);
    if (out.length > MAX_VALUES || depth > MAX_DEPTH) return;
    if (typeof at === 'string' ? at !== '' || isListed : typeof at === 'number') out.push(at as string | number);
    else if (typeof at === 'boolean') {
      if (isListed) out.push(String(at));
    } else if (Array.isArray(at)) {
      for (const [i, item] of at.entries()) look(item, covered === undefined ? way : [...way, i], depth + 1, true);
    } else if (typeof at === 'object' && at !== null) {
      for (const [name, item] of Object.entries(at)) {
        const isFlag = typeof item === 'boolean' || item === null;
        if ((names !== undefined || isFlag) && !(names ?? NO_NAMES).has(name)) out.push(name);
        look(item, covered === undefined ? way : [...way, name], depth + 1, false);
      }
    }
  };
  look(value, place, 0, false);
  return out;
}

function recordOf(input: unknown): Readonly<Record<string, unknown>> {
  return typeof input === 'object' && input !== null ? (input as Readonly<Record<string, unknown>>) : {};
}
