/** The face for Envoy: its protocols ext_authz and ext_proc over gRPC, on the requests and the services of the face for HTTP. */

export { type EnvoyPlace, serveEnvoy } from './server.js';
