export { DecisionPointError } from './errors.js';
export { readableResult } from './readable-result.js';
export { remoteDecisionPoint } from './remote.js';
export { ServiceClient } from './service-client.js';
