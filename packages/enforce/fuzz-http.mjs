// npm run fuzz-http -w @writ/enforce -- [--count N] [--seed S]: looks for requests that servers read otherwise than they were decided on.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `usage: npm run fuzz-http -w @writ/enforce -- [--count N] [--seed S]
Changes the requests of test/tables, and sends those that are not refused to Express, Fastify, Hono and Koa.
  --count N   requests (10000); npm test has 250
  --seed S    another seed has other requests (2; npm test has 1)`;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
});
const { count, seed, help } = values;
if (help || ![count, seed].every((text) => Number.isSafeInteger(Number(text)) && Number(text) >= 1)) {
  console.error(USAGE);
  process.exit(help ? 0 : 2);
}
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { status } = spawnSync('npx', ['vitest', 'run', 'packages/enforce/test/fuzz.test.ts', '--testTimeout=86400000'], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, HTTP_FUZZ_COUNT: count, PROPERTY_SEED: seed },
});
process.exit(status ?? 1);
