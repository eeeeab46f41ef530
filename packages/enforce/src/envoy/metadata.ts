import type { Struct } from './protocol/messages.js';

/** Returns the dynamic metadata that names a decision, for the access log and the filters after this one. */
export function decisionMetadata(decision: string | undefined): { readonly dynamicMetadata?: Struct } {
  if (decision === undefined) return {};
  const fields = { decision: { stringValue: decision } };
  return { dynamicMetadata: { fields: { 'dev.writ': { structValue: { fields } } } } };
}
