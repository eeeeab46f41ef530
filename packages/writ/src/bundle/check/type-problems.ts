import { utf16Offset } from '@writ/cedar';
import type * as official from '@writ/cedar/official';
import { firstOf } from './first-of.js';

/** A problem that the validator found, at an offset of a text. */
export interface TypeProblem {
  readonly at: number;
  readonly message: string;
  readonly help: string | undefined;
}

/** A part of a message that differs from action to action, or from type to type, although the mistake is one. */
const VARYING = /((?:\w+::)*Action::"(?:[^"\\]|\\.)*")|entity type `([^`]*)`/;
/** Returns a problem as the validator says it. @param text the Cedar text that it was given */
export function problemOf({ message, help, sourceLocations }: official.DetailedError, text: string): TypeProblem {
  const [, whole] = WHOLE_DECIMAL.exec(message) ?? [];
  const fix = whole === undefined ? help : `a decimal has digits after the point: decimal("${whole}.0")`;
  return { at: utf16Offset(text, sourceLocations?.[0]?.start ?? 0), message, help: fix ?? undefined };
}

const WHOLE_DECIMAL = /failed to parse as a decimal value: `"(-?\d{1,20})"`/;

/**
 * Returns the problems in the order of place and text (that of the validator differs from run to run), and joins those at one place that
 * are the same but for the action, or the type of entity: the validator checks a policy for each, and the author made one mistake.
 *
 * @param text the Cedar text that they are in
 */
export function joinedProblems(found: readonly TypeProblem[], text: string): TypeProblem[] {
  const groups = new Map<
    string,
    { readonly first: TypeProblem; readonly names: string[]; readonly helps: Set<string> }
  >();
  for (const one of found.toSorted(byPlace)) {
    const [varying = '', action, type] = VARYING.exec(one.message) ?? [];
    const key = JSON.stringify([
      one.at,
      varying === '' ? one.message : one.message.replace(varying, ''),
      action === undefined,
    ]);
    const group = groups.get(key) ?? { first: one, names: [], helps: new Set<string>() };
    groups.set(key, group);
    const name = action === undefined ? type : shortName(action);
    if (name !== undefined && !group.names.includes(name)) group.names.push(name);
    group.helps.add(one.help ?? '');
  }
  return [...groups.values()].map(({ first, names, helps }) => {
    const { at, message, help } = first;
    return {
      at,
      message: joinedMessage(message, names),
      help: testHelp(text, at, help) ?? (helps.size > 1 ? VARIOUS[kindOf(message)] : help),
    };
  });
}

function byPlace(a: TypeProblem, b: TypeProblem): number {
  return a.at - b.at || (a.message < b.message ? -1 : a.message > b.message ? 1 : 0);
}

/** The help where that of the validator differs from name to name. */
const VARIOUS = {
  actions: 'say in the head which actions it is for, or test for it with `has`',
  'entity types': 'say in the head which types it is for, or test for it with `has`',
};

function shortName(action: string): string {
  return action.startsWith('Action::') ? action.slice('Action::"'.length, -1) : action;
}

function kindOf(message: string): keyof typeof VARIOUS {
  return VARYING.exec(message)?.[1] === undefined ? 'entity types' : 'actions';
}

function joinedMessage(message: string, names: readonly string[]): string {
  if (names.length < 2) return message;
  return message.replace(VARYING, () => firstOf(names, kindOf(message)));
}

/** Returns how to test for an attribute that may be absent; undefined for another help. */
function testHelp(text: string, at: number, help: string | undefined): string | undefined {
  const [, path, attribute] = /`(\S+) has (\S+|"(?:[^"\\]|\\.)*") && \.\.`/.exec(help ?? '') ?? [];
  if (path === undefined || attribute === undefined) return undefined;
  const of = writtenAs(text.slice(at), path, attribute);
  const test = `${of} has ${attribute}`;
  if (!isTestedByNegation(text.slice(0, at), of, attribute))
    return `test for it first: \`${test} && …\`, or \`if ${test} then … else …\``;
  return `\`!(${test}) || …\` does not count as a test: write \`if ${test} then … else true\``;
}

/** Returns an entity as the policy writes it: the validator calls each `e`. */
function writtenAs(access: string, path: string, attribute: string): string {
  const steps = path.split('.');
  if (steps[0] !== 'e') return path;
  const [written = ''] = /^\w+(?:\.\w+)*/.exec(access) ?? [];
  const end = `.${[...steps.slice(1), attribute].join('.')}`;
  const length = `${written}.`.indexOf(`${end}.`);
  return length > 0 ? `${written.slice(0, length)}.${steps.slice(1).join('.')}`.replace(/\.$/, '') : path;
}

/** Returns whether the text has `!(… has …)` of an attribute, in one of the ways to write it: `a.b has c` or `a has b.c`. */
function isTestedByNegation(text: string, path: string, attribute: string): boolean {
  const plain = text.replace(/\s+/g, '');
  const steps = path.split('.');
  return steps.some((_, i) => {
    const [of, tested] = [steps.slice(0, i + 1).join('.'), [...steps.slice(i + 1), attribute].join('.')];
    return plain.includes(`!(${of}has${tested})`);
  });
}
