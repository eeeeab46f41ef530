export { DecisionPointError } from './errors.js';
export { remoteDecisionPoint } from './remote.js';
export { ServiceClient } from './service-client.js';
