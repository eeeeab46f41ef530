// npm run fronts -w @writ/enforce -- [--count N] [--seed S]: sends the tables of bypasses and of honest requests through real fronts.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `usage: npm run fronts -w @writ/enforce -- [--count N] [--seed S]
Sends the requests of test/tables through nginx, Caddy and HAProxy, which ask the check endpoint, to four frameworks.
  --count N   one request of N, to one framework each (1: all of them, to all four); npm test has 6
  --seed S    with a count, another seed has other requests (1)`;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
const { count, seed, help } = values;
if (help || ![count, seed].every((text) => Number.isSafeInteger(Number(text)) && Number(text) >= 1)) {
  console.error(USAGE);
  process.exit(help ? 0 : 2);
}
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { status } = spawnSync('npx', ['vitest', 'run', 'packages/enforce/test/fronts', '--testTimeout=86400000'], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, FRONTS_SHARE: count, PROPERTY_SEED: seed },
});
process.exit(status ?? 1);
