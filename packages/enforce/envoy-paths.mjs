// npm run envoy-paths -w @writ/enforce -- [--count N]: sends the paths and the honest requests of the tables through a real Envoy.
import { runCounted } from './run-counted.mjs';

const USAGE = `usage: npm run envoy-paths -w @writ/enforce -- [--count N]
Sends the paths and the honest requests of test/tables through ext_proc and ext_authz to Express, Fastify, Hono and Koa.
  --count N   rows of each table (all); npm test has 15`;

runCounted(USAGE, { count: '100000' }, 'packages/enforce/test/envoy-paths.test.ts', { count: 'ENVOY_PATHS' });
