/** Reads configurations of Envoy. Apart from the face: a reader needs no gRPC. */

export { checkSettings } from './check-settings.js';
export type { EnvoyFinding } from './cursor.js';
