import type { z } from 'zod';

export type Issue = z.core.$ZodIssue;

/** Returns the problem to name: of the forms of a union, the one that fits furthest into the value says most about what is wrong. */
export function innermost(issue: Issue): Issue {
  if (issue.code === 'invalid_union') {
    const forms = issue.errors.map((errors) => errors.map(innermost)).filter((errors) => errors.length > 0);
    const [best] = forms.sort((a, b) => depthOf(b) - depthOf(a));
    const [inner] = best ?? [];
    if (inner !== undefined && depthOf(best ?? []) > 0) return { ...inner, path: [...issue.path, ...inner.path] };
  }
  return issue;
}

function depthOf(issues: readonly Issue[]): number {
  return Math.max(...issues.map(({ path }) => path.length));
}

/** Returns whether a problem is that a member is not there. */
export function isMissing(issue: Issue): boolean {
  return issue.code === 'invalid_type' && issue.input === undefined && typeof issue.path.at(-1) === 'string';
}
