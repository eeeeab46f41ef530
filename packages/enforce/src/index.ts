export { compileMapping, type Mapping } from './coaz/mapping.js';
export { CallQueue, type HeldCall, type HeldDecision } from './enforcer/call-queue.js';
export {
  type CallingClient,
  callerText,
  clientContext,
  clientName,
  type OperationCaller,
  requestBy,
  trustedPrompt,
} from './enforcer/caller.js';
export { carriedInHeaders, originatorIn, traceIn, transactionIn } from './enforcer/carried.js';
export { decideAll, JoinedPermits } from './enforcer/decide-all.js';
export { HandedOn } from './enforcer/handed-on.js';
export type { HoldSettings } from './enforcer/hold-settings.js';
export { JustificationNeeded, MappingError, ObligationError } from './errors.js';
export { applyObligation, changeOf, isOfTexts, obligationsOn } from './obligations/transform.js';
