export type { Allowed, Answer, Deferred, Denied, Modified, Permitted, Refused, SteppedUp } from './app/answer.js';
export type { WaitOptions } from './app/approvals.js';
export type { ActionTypes, AnyActions, Call as GuardedCall, CallContext, Named } from './app/call.js';
export { CallError, NotPermittedError, WithheldError } from './app/errors.js';
export type { Permit } from './app/permit.js';
export { createWrit, type GuardOptions, type Running, type Writ, type WritOptions } from './app/writ.js';
export { DecisionPointError } from './client/errors.js';
export { TokenRefusedError } from './errors.js';
export { handOnOffline, type LinkOptions } from './links.js';
export { ObligationError } from './obligations/errors.js';
export { type Call, ProofKey } from './proof.js';
export {
  type BeginOptions,
  type Credential,
  type Grant,
  type HandOnOptions,
  TokenClient,
  type TokenClientOptions,
  type TransactionToken,
} from './tokens.js';
