// npm run properties -- [--count N] [--seed S] [FILTER…]: tries the properties of the tests with other values than `npm test` does.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, setup } from './setup.mjs';

const USAGE = `usage: npm run properties -- [--count N] [--seed S] [FILTER…]
Runs the tests of properties once for each seed. The first seed that fails ends it, with exit code 1.
  --count N   seeds in all (10)
  --seed S    the first seed; a run that was stopped goes on with the seed that it last printed (2: npm test has 1)
  FILTER      only the files whose path has one of these texts`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '10' },
    seed: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
});
const [count, first] = [Number(values.count), Number(values.seed)];
if (values.help || ![count, first].every((n) => Number.isSafeInteger(n) && n >= 0)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
setup();
const tests = ['grep', '--untracked', '-l', '-F', "from 'fast-check'", '--', '*.test.ts'];
const files = spawnSync('git', tests, { cwd: ROOT, encoding: 'utf8' })
  .stdout.split('\n')
  .filter((file) => file !== '' && (positionals.length === 0 || positionals.some((text) => file.includes(text))));
if (files.length === 0) {
  console.error('no test of a property has such a path');
  process.exit(2);
}
const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
for (let seed = first; seed < first + count; seed += 1) {
  console.log(`seed ${seed}: ${files.length} files`);
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...files], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PROPERTY_SEED: String(seed) },
  });
  if (status !== 0) {
    console.error(`failed with seed ${seed}: npm run properties -- --count 1 --seed ${seed}`);
    process.exit(1);
  }
}
