export type { AnyWritError } from './cli/any-error.js';
export type { Decision, MissingFact, Obligation, Reason, Refusal, Result } from './decide/decision.js';
export { decidingPolicies, explainBriefly, isPermitted } from './decide/decision.js';
export type { AccessRequest } from './decide/request.js';
export { DECISION_META } from './enforce/mcp/protocol/result.js';
export { WritError } from './lib/errors.js';
export { start } from './serve/start.js';
export type { StartOptions, Writ } from './serve/start-options.js';
