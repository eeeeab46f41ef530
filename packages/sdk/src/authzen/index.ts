export {
  type Decision,
  decidingPolicies,
  explainBriefly,
  isMisfit,
  isPermitted,
  isRequestable,
  type MissingFact,
  type Obligation,
  type Observed,
  type Reason,
  type Refusal,
  type Result,
  refuse,
  retryAfter,
  type Verdict,
} from './decision.js';
export type { ApprovalDesk, RequestReference } from './desk.js';
export type { DecisionId } from './ids.js';
export {
  type Change,
  HANDED_ON,
  isAsPermitted,
  OUTCOME_DEADLINE_MS,
  type OutcomeDetails,
  type OutcomeStatus,
  type PassedBytes,
} from './outcome.js';
export type { DecisionPoint, ListedAction, OnRevoked } from './point.js';
export { type AccessRequest, type AuthzenEntity, type Carried, type TraceContext, traceIdOf } from './request.js';
export { TRANSFORMS } from './transforms.js';
