// npm run envoy-paths -w @writ/enforce -- [--count N]: sends the paths and the honest requests of the tables through a real Envoy.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `usage: npm run envoy-paths -w @writ/enforce -- [--count N]
Sends the paths and the honest requests of test/tables through ext_proc and ext_authz to Express, Fastify, Hono and Koa.
  --count N   rows of each table (all); npm test has 15`;

const { values } = parseArgs({ options: { count: { type: 'string' }, help: { type: 'boolean', default: false } } });
const { count = '100000', help } = values;
if (help || !(Number.isSafeInteger(Number(count)) && Number(count) >= 1)) {
  console.error(USAGE);
  process.exit(help ? 0 : 2);
}
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { status } = spawnSync(
  'npx',
  ['vitest', 'run', 'packages/enforce/test/envoy-paths.test.ts', '--testTimeout=86400000'],
  { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ENVOY_PATHS: count } },
);
process.exit(status ?? 1);
