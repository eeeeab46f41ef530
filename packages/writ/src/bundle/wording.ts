import { z } from 'zod';
import { isWhole, valuesOf, wantedBy } from './union-forms.js';

/** A problem that zod found, in our words. */

type Issue = z.core.$ZodRawIssue;

/** Returns the message of a problem, after the place; of a member that is missing, what it is. */
export function wording(issue: Issue): string {
  if (issue.input === undefined) return missing(issue);
  if (issue.input === null && issue.code !== 'custom') return 'it has no value';
  switch (issue.code) {
    case 'invalid_type':
      return `it must be ${typeName(issue.expected)}`;
    case 'unrecognized_keys':
      return `there is no member ${issue.keys.join(', ')}`;
    case 'invalid_value':
      return `it must be ${oneOf(issue.values)}`;
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'it must not be empty';
      return `it must ${issue.inclusive === false ? 'be more than' : has(issue.origin, 'at least')} ${amount(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `it must ${issue.inclusive === false ? 'be less than' : has(issue.origin, 'at most')} ${amount(issue.maximum, issue.origin)}`;
    case 'invalid_format':
      return issue.format === 'url' ? 'it must be a URL, as https://shop.example' : 'it does not have the right form';
    case 'not_multiple_of':
      return `it must be a multiple of ${issue.divisor}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'the name is not valid';
    case 'invalid_union':
      return ofUnion(issue);
    default:
      return 'it is not valid';
  }
}

/** Returns the end of a message on a member that is missing: the example that its shape has in its `meta`, or what it can be. */
function missing(issue: Issue): string {
  const meta = issue.inst === undefined ? undefined : z.globalRegistry.get(issue.inst as z.ZodType);
  if (typeof meta?.example === 'string') return `, for example ${meta.example}`;
  if (issue.code === 'invalid_value') return `: ${oneOf(issue.values)}`;
  const isNamed = issue.code === 'invalid_type' && ['array', 'record', 'object', 'boolean'].includes(issue.expected);
  return isNamed ? `, which is ${typeName(issue.expected)}` : '';
}

function ofUnion(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  if ('options' in issue && Array.isArray(issue.options)) return `it must be ${oneOf(issue.options)}`;
  const wanted = (issue.errors ?? []).flatMap(wantedBy).filter(isWhole);
  const kinds = [...new Set(wanted.flatMap((one) => (one.code === 'invalid_type' ? [typeName(one.expected)] : [])))];
  const all = [...new Set(wanted.flatMap(valuesOf)), ...kinds];
  return all.length === 0 ? 'it has none of the forms that it can have' : `it must be ${listed(all)}`;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
};

/** Returns what a type of zod is called in messages. */
export function typeName(expected: string): string {
  return TYPES[expected] ?? 'another kind of value';
}

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.map(String).join(', ')}`;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function has(origin: string, bound: string): string {
  return `${['string', 'array', 'set', 'object', 'map'].includes(origin) ? 'have' : 'be'} ${bound}`;
}

function amount(limit: number | bigint, origin: string): string {
  if (origin === 'string') return `${limit} ${limit === 1 ? 'character' : 'characters'}`;
  return origin === 'array' || origin === 'set' ? `${limit} ${limit === 1 ? 'item' : 'items'}` : String(limit);
}
