/** The reverse proxy. Apart from the pure half: a reader of bundles needs no client for HTTP. */

export { Addresses } from '../egress/addresses.js';
export { egressBy, type ServedEgress } from '../egress/egress.js';
export { changeAnswer } from '../enforced/answer-value.js';
export { enforcedBy, type ServedServices } from '../enforced/enforced.js';
export type { Asking, Identified } from '../enforced/identified.js';
export type { Decide, ProxyDenial, ProxyOutcome, ProxyPermit } from '../enforced/permit.js';
export { createProxy, type HttpProxy, type ProxyOptions } from './proxy.js';
