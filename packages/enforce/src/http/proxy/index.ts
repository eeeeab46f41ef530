/** The reverse proxy. Apart from the pure half: a reader of bundles needs no client for HTTP. */

export { changeAnswer } from './answer-value.js';
export { type Asking, enforcedBy, type Identified, type ServedServices } from './enforced.js';
export type { Decide, ProxyDenial, ProxyOutcome, ProxyPermit } from './permit.js';
export { createProxy, type HttpProxy, type ProxyOptions } from './proxy.js';
