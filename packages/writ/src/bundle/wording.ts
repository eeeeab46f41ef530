import { z } from 'zod';

/** A problem that zod found, in our words. */

type Issue = z.core.$ZodRawIssue;

/** Returns the message of a problem, after the place; of a member that is missing, an example of it. */
export function wording(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return example(issue.inst);
      return `it must be ${TYPES[issue.expected] ?? issue.expected}`;
    case 'unrecognized_keys':
      return `there is no member ${issue.keys.join(', ')}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `it must be ${String(issue.values[0])}`
        : `it must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `it must be ${issue.inclusive === false ? 'more than' : 'at least'} ${amount(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `it must be ${issue.inclusive === false ? 'less than' : 'at most'} ${amount(issue.maximum, issue.origin)}`;
    case 'invalid_format':
      return issue.format === 'url' ? 'it must be a URL' : `it does not have the form of ${issue.format}`;
    case 'not_multiple_of':
      return `it must be a multiple of ${issue.divisor}`;
    case 'invalid_key':
      return 'the name is not valid';
    case 'invalid_union':
      return 'it has none of the forms that it can have';
    default:
      return 'it is not valid';
  }
}

/** Returns the example that a shape has in its `meta`, as the end of a message. */
function example(shape: Issue['inst']): string {
  const meta = shape === undefined ? undefined : z.globalRegistry.get(shape as z.ZodType);
  return typeof meta?.example === 'string' ? `, for example ${meta.example}` : '';
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map of members',
  record: 'a map',
  array: 'a list',
};

function amount(limit: number | bigint, origin: string): string {
  if (origin === 'string') return `${limit} ${limit === 1 ? 'character' : 'characters'}`;
  return origin === 'array' || origin === 'set' ? `${limit} ${limit === 1 ? 'item' : 'items'}` : String(limit);
}
