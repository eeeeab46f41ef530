import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CLASSES } from '../test/evasions/classes.js';
import { minimised } from './minimise.js';
import { run } from './run.js';
import type { Line } from './state.js';
import { shareOf, tally } from './tally.js';
import { type Target, targetsOf } from './targets.js';

const USAGE = `usage: npm run evade -- [--count N] [--seed S] [--class NAME] [--state FILE]
Changes the written evasions of the guarded agent, as an attacker would who has the bundle, and looks for one that goes through.
A run continues where the last one of this seed stopped. More than 1 % that go through end it with exit code 1.
  --count N      tries of the seed in all (10000)
  --seed S       another seed makes other tries (1)
  --class NAME   of ${CLASSES.map(({ name }) => name).join(', ')}; all by default
  --state FILE   a line of JSON for each try (data/evade.jsonl)
  --show N       the most attacks that are shown (20)`;
const MOST = 1;

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    class: { type: 'string' },
    state: { type: 'string', default: join(root, 'data/evade.jsonl') },
    show: { type: 'string', default: '20' },
    help: { type: 'boolean', default: false },
  },
});
const [count, seed, show] = [Number(values.count), Number(values.seed), Number(values.show)];
const classes = values.class === undefined ? CLASSES : CLASSES.filter(({ name }) => name === values.class);
if (values.help || ![count, seed, show].every((n) => Number.isSafeInteger(n) && n >= 0) || classes.length === 0) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());
const begin = performance.now();
const lines = await run({
  ...{ classes, seed, count, state: values.state, commit: commitOf(root), signal: stopping.signal },
  say: (line) => console.error(`${line.try} ${line.class}: ${line.evasion}: goes through`),
});
const seconds = (performance.now() - begin) / 1_000;
const targets = targetsOf(classes);
for (const line of lines.filter(({ result }) => result === 'passed').slice(0, show)) await showSmallest(line, targets);
console.log(tally(lines));
console.error(`${lines.length} tries in ${seconds.toFixed(0)} s`);
process.exitCode = shareOf(lines) > MOST ? 1 : 0;

/** Prints an attack that went through, as it can be written. */
async function showSmallest(line: Line, all: readonly Target[]): Promise<void> {
  const target = all.find((one) => one.class === line.class && one.evasion.name === line.evasion);
  if (target === undefined) return;
  const { changes, steps } = await minimised(target, line.changes);
  console.log(`${line.class}: ${line.evasion}: ${changes.map(([name]) => name).join(', ')}`);
  for (const step of steps) console.log(`  ${JSON.stringify(step)}`);
}

function commitOf(folder: string): string {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '-uno') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}
