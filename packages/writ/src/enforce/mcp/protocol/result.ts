/** The `_meta` key under which a result names the decision that let it through. */
export const DECISION_META = 'dev.writ/decision';

export type CallResult = Record<string, unknown> & { readonly isError?: boolean };

/** Returns whether a result is the handle of a task. */
export function isTask({ resultType }: CallResult): boolean {
  return resultType === 'task';
}

/** Returns whether a result is a question to the user, and nothing was done yet. */
export function isInputRequired({ resultType }: CallResult): boolean {
  return resultType === 'input_required';
}
