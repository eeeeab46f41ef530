import { closest } from '@writ/cedar';
import { isObject } from '@writ/sdk/lib/is-object';
import type { z } from 'zod';
import { keyAt, valueAt, type YamlPart } from './check/yaml-places.js';
import { type Issue, isMissing, leavesOf, valuesOf } from './union-forms.js';
import { typeName, wording } from './wording.js';

/** A problem of a file with its shape. */
interface ShapeProblem {
  readonly message: string;
  readonly help: string | undefined;
  readonly part: YamlPart;
}

/** The most members that a message lists. */
const MAX_LISTED = 30;

/** Words the problems that zod finds in one value. */
export class ShapeProblems {
  /** The members that a map can have. zod keeps its shape to itself once it has a message. */
  private readonly members = new WeakMap<object, Set<string>>();

  /** Returns the message of a problem; for the option `error` of zod, with `reportInput`. */
  readonly error = (issue: z.core.$ZodRawIssue): string => {
    if (issue.code === 'unrecognized_keys' && isMap(issue.input)) {
      const known = this.members.get(issue.input) ?? new Set();
      for (const name of membersOf(issue.inst)) known.add(name);
      this.members.set(issue.input, known);
    }
    return wording(issue);
  };

  /** Returns the problems of a value, each mistake once. */
  of(issues: readonly Issue[], value: unknown): readonly ShapeProblem[] {
    const leaves = issues.flatMap(leavesOf);
    const unknown = new Map<string, Set<string>>();
    for (const { code, path, ...issue } of leaves)
      if (code === 'unrecognized_keys')
        unknown.set(
          idOf(path),
          new Set((issue as { keys: string[] }).keys.map((key) => this.meant(issue.input, key) ?? '')),
        );
    const byPart = new Map<string, ShapeProblem>();
    for (const issue of leaves) {
      if (isConsequence(issue, unknown)) continue;
      for (const problem of this.problemsOf(issue, value)) {
        const id = `${problem.part.part} ${idOf(problem.part.path)}${isMissing(issue) ? problem.message : ''}`;
        if (!byPart.has(id)) byPart.set(id, problem);
      }
    }
    return [...byPart.values()];
  }

  private problemsOf(issue: Issue, value: unknown): readonly ShapeProblem[] {
    const { code, path, message } = issue;
    const where = path.length === 0 ? '' : `${shown(path)}: `;
    if (code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        message: `${where}${issue.message.startsWith('there is no') ? `there is no member ${shown([key])}` : message}`,
        help: this.helpForMember(issue.input, key),
        part: keyAt([...path, key]),
      }));
    if (isMissing(issue)) {
      const parent = path.slice(0, -1);
      const needs = `${shown(parent) || 'the file'} needs ${shown(path.slice(-1))}${message}`;
      return [{ message: needs, help: undefined, part: keyAt(parent) }];
    }
    const offset = code === 'custom' && typeof issue.params?.offset === 'number' ? issue.params.offset : 0;
    const isOfKey = code === 'invalid_key' || (code === 'custom' && isObject(partOf(value, path)));
    return [
      { message: `${where}${message}`, help: helpFor(issue), part: isOfKey ? keyAt(path) : valueAt(path, offset) },
    ];
  }

  private helpForMember(input: unknown, key: string): string | undefined {
    const known = isMap(input) ? [...(this.members.get(input) ?? [])] : [];
    const meant = this.meant(input, key);
    if (meant !== undefined) return `did you mean ${meant}?`;
    if (known.length === 0) return undefined;
    const rest = known.length - MAX_LISTED;
    return `its members are ${known.slice(0, MAX_LISTED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  }

  private meant(input: unknown, key: string): string | undefined {
    return isMap(input) ? closest(key, [...(this.members.get(input) ?? [])]) : undefined;
  }
}

/** Returns the part of a value at the end of a way. */
function partOf(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (part, key) => (isMap(part) ? (part as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Returns whether a problem comes of a member with a wrong name: the right one is missing, or a rule on the whole map is broken. */
function isConsequence(issue: Issue, unknown: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  if (isMissing(issue)) return unknown.get(idOf(issue.path.slice(0, -1)))?.has(String(issue.path.at(-1))) === true;
  return issue.code === 'custom' && unknown.has(idOf(issue.path));
}

function membersOf(shape: unknown): readonly string[] {
  const { def } = (shape as { _zod: { def: { shape?: object; keyType?: { _zod: { values?: Set<unknown> } } } } })._zod;
  return def.shape === undefined ? [...(def.keyType?._zod.values ?? [])].map(String) : Object.keys(def.shape);
}

/** Returns what to do about a value; undefined if the message says it. */
function helpFor(issue: Issue): string | undefined {
  const { code, input, message } = issue;
  // A shape with a message of its own says in it how to write the value.
  if (!message.startsWith('it ')) return undefined;
  if (input === null)
    return code === 'invalid_type' ? `write ${typeName(issue.expected)}, or remove the key` : undefined;
  if (code === 'invalid_value' || code === 'invalid_union') {
    const meant = typeof input === 'string' ? closest(input, valuesOf(issue)) : undefined;
    return meant === undefined ? undefined : `did you mean ${meant}?`;
  }
  return code === 'invalid_type' ? rewritten(issue.expected, input) : undefined;
}

/** Returns how to write a value of another type; undefined if it is not clear what was meant. The value can be a secret, and is not repeated. */
function rewritten(expected: string, input: unknown): string | undefined {
  if (expected === 'string' && ['number', 'boolean'].includes(typeof input)) return 'write it in quotes';
  if (expected === 'array' && ['string', 'number', 'boolean'].includes(typeof input)) return 'write it in [ ]';
  if (typeof input !== 'string') return undefined;
  if ((expected === 'number' || expected === 'int') && /^-?\d{1,15}$/.test(input)) return 'write it without quotes';
  if (expected === 'boolean' && /^(true|yes|on)$/i.test(input)) return 'write true, without quotes';
  return expected === 'boolean' && /^(false|no|off)$/i.test(input) ? 'write false, without quotes' : undefined;
}

function idOf(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}

/** Returns a way with dots; a key that could be read as more than one key is in quotes. */
function shown(path: readonly PropertyKey[]): string {
  return path.map((key) => (/[\s\p{C}"]/u.test(String(key)) ? JSON.stringify(String(key)) : String(key))).join('.');
}
