/** The `_meta` key under which a result names the decision that let it through. */
export const DECISION_META = 'dev.writ/decision';

export type CallResult = Record<string, unknown> & { readonly isError?: boolean };

/** Whether a call goes on as a task, of which this is the handle. */
export function isTask({ resultType }: CallResult): boolean {
  return resultType === 'task';
}

/** Whether a server wants to know something of the user before it does what it is asked. */
export function isInputRequired({ resultType }: CallResult): boolean {
  return resultType === 'input_required';
}
