export { CallQueue, type HeldCall } from './enforcer/call-queue.js';
export {
  type CallingClient,
  callerText,
  type OperationCaller,
  requestBy,
  trustedPrompt,
} from './enforcer/caller.js';
export { carriedInHeaders, namedBy, traceIn, workingFor } from './enforcer/carried.js';
export { decideAll } from './enforcer/decide-all.js';
export { Enforcer } from './enforcer/enforcer.js';
export type { HoldSettings } from './enforcer/hold-settings.js';
export type { Refused, Requests } from './enforcer/operation.js';
export type { Permit } from './enforcer/permit.js';
export { JustificationNeeded, MappingError, PermitOverError } from './errors.js';
export { applyObligation } from './obligations/changes.js';
