// npm run tamper -w writ [-- --count N --seed N]: changes bytes of a log one at a time, every byte unless --count says fewer, and
// expects the verifier to find each. The test of the same name in packages/writ does so for 2,000 bytes.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, setup } from './setup.mjs';

const { values } = parseArgs({
  options: { count: { type: 'string', default: 'all' }, seed: { type: 'string', default: '1' } },
});
const count = values.count === 'all' ? Number.MAX_SAFE_INTEGER : Number(values.count);
const seed = Number(values.seed);
if (![count, seed].every(Number.isSafeInteger) || count < 1 || seed < 0) {
  console.error('usage: npm run tamper -w writ -- [--count N|all] [--seed N]');
  process.exit(2);
}
setup();
const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '-t', 'any byte', 'verify-log'], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, WRIT_TAMPER_COUNT: String(count), WRIT_TAMPER_SEED: String(seed) },
});
process.exitCode = status ?? 1;
