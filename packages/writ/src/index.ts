import { start as startService } from './serve/start.js';
import type { StartOptions, Writ } from './serve/start-options.js';

export type { AccessRequest, Decision, MissingFact, Obligation, Reason, Refusal, Result } from '@writ/sdk/authzen';
export { decidingPolicies, explainBriefly, isPermitted } from '@writ/sdk/authzen';
export type { AnyWritError } from './cli/any-error.js';
export { DECISION_META } from './enforce/mcp/protocol/result.js';
export { WritError } from './lib/errors.js';
export type { StartOptions, Writ };

/**
 * Starts the service, and the gateway in front of the servers of the bundle.
 *
 * @throws {BundleError} when the bundle may not be served; {@link WritError} for a store, server or port that fails
 * @example const writ = await start({ bundle: 'examples/support-desk', data: 'data', port: 7465, gatewayPort: 7466 });
 */
export const start: (options: StartOptions) => Promise<Writ> = startService;
