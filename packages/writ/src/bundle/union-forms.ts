import type { z } from 'zod';

export type Issue = z.core.$ZodIssue;

/** The cost of a form that a value has another type than. */
const OTHER_TYPE = 1_000;

/**
 * Returns the problems to name of a problem with a value that can have several forms: those of the form that fits best, which has the
 * fewest members too many or missing. The problem itself, if the value is of none of their types.
 */
export function leavesOf(issue: Issue): readonly Issue[] {
  if (issue.code === 'invalid_union' && isMap(issue.input) && 'options' in issue && Array.isArray(issue.options))
    return [choiceOf(issue, issue.options, issue.input)];
  if (issue.code !== 'invalid_union' || issue.input === undefined || issue.errors.length === 0) return [issue];
  const forms = issue.errors.map((errors) => errors.flatMap(leavesOf));
  const costs = forms.map((problems) => problems.reduce((sum, problem) => sum + costOf(problem), 0));
  const least = Math.min(...costs);
  if (least >= OTHER_TYPE) return [issue];
  const best = forms.filter((_, i) => costs[i] === least);
  const named = best.map(missingOf);
  const [form = []] = best;
  if (best.length > 1 && named.every((name) => name !== undefined)) return [noneOf(issue, named)];
  return form.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** Returns a problem with the member that chooses a form, as one with its value. */
function choiceOf(
  { path, message }: Issue,
  values: z.core.util.Primitive[],
  input: Record<PropertyKey, unknown>,
): Issue {
  const chosen = input[path.at(-1) as string];
  const isGiven = chosen !== undefined;
  return {
    code: 'invalid_value',
    values,
    input: chosen,
    path,
    message: isGiven ? message : `: ${message.replace('it must be ', '')}`,
  };
}

function isMap(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Returns the problem to name; the first, if there are several. */
export function innermost(issue: Issue): Issue {
  return leavesOf(issue)[0] ?? issue;
}

/** Returns whether a problem is that a member is not there. */
export function isMissing(issue: Issue): boolean {
  const isOfValue = ['invalid_type', 'invalid_value', 'invalid_union'].includes(issue.code);
  return isOfValue && issue.input === undefined && typeof issue.path.at(-1) === 'string';
}

/** Returns the problems of a form with the whole value. */
export function wantedBy(errors: readonly Issue[]): readonly Issue[] {
  return errors
    .filter(({ path }) => path.length === 0)
    .flatMap((one) => (one.code === 'invalid_union' ? one.errors.flatMap(wantedBy) : [one]));
}

/** Returns whether a problem is that a value is of another type, or is another value. */
export function isWhole({ code }: Issue): boolean {
  return code === 'invalid_type' || code === 'invalid_value';
}

/** Returns the values that a problem names. */
export function valuesOf(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union') return [];
  return issue.errors.flatMap(wantedBy).flatMap(valuesOf);
}

function costOf(issue: Issue): number {
  const { code, path } = issue;
  if (path.length === 0) return code === 'unrecognized_keys' ? issue.keys.length : isOther(issue) ? OTHER_TYPE : 0;
  return path.length === 1 && (code === 'invalid_key' || isMissing(issue)) ? 1 : 0;
}

function isOther(issue: Issue): boolean {
  return isWhole(issue) || issue.code === 'invalid_union';
}

/** Returns the member that a form lacks, if that is all that it lacks. */
function missingOf(problems: readonly Issue[]): string | undefined {
  const [first, ...others] = problems;
  const isOne = first !== undefined && others.length === 0 && first.path.length === 1 && isMissing(first);
  return isOne ? String(first.path[0]) : undefined;
}

function noneOf({ path, input }: Issue, names: readonly (string | undefined)[]): Issue {
  return { code: 'custom', path, input, message: `it needs ${[...new Set(names)].join(' or ')}` };
}
