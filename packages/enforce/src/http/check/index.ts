/** The check endpoint for proxies of others, which ask before they forward a request (docs/http-fronts.md). */

export { createCheck } from './check.js';
export { type Front, frontOf } from './front.js';
