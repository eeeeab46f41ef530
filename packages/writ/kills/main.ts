import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Durability } from './bundle.js';
import { Disk } from './disk.js';
import { readLines } from './lines.js';
import { KINDS, type Kind, STORES, type Store } from './plan.js';
import { run } from './run.js';
import { type Line, tally } from './state.js';

const USAGE = `usage: npm run kills -- [--count N] [--seed S] [--kinds LIST] [--store sqlite|postgres|both] [--durability D] [--state FILE]
       npm run kills -- --tally [--state FILE]
Kills a service under load, or what it stands on, and compares what was acknowledged with the record and the ledger.
A run continues where the last one of this seed stopped. A kill that fails stops it, with exit code 1, and its data is kept.
  --count N       kills of the seed in all (100)
  --seed S        another seed makes other kills (1)
  --kinds LIST    of ${KINDS.join(', ')}; all by default
  --durability D  before-response or async
  --state FILE    a line of JSON for each kill (data/kills.jsonl)
  --tally         prints the kills of the state by commit, seed, kind and store`;

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    kinds: { type: 'string' },
    store: { type: 'string', default: 'both' },
    durability: { type: 'string', default: 'before-response' },
    state: { type: 'string', default: join(root, 'data/kills.jsonl') },
    tally: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
let kinds = (values.kinds?.split(',') ?? KINDS) as readonly Kind[];
const stores = values.store === 'both' ? STORES : STORES.filter((store): store is Store => store === values.store);
const isMeant =
  [count, seed].every((n) => Number.isSafeInteger(n) && n >= 0) &&
  kinds.every((kind) => KINDS.includes(kind)) &&
  stores.length > 0 &&
  ['before-response', 'async'].includes(values.durability);
if (values.help || !isMeant) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
if (values.tally) {
  console.log(tally(readLines<Line>(values.state)));
  process.exit(0);
}
if (kinds.includes('disk') && !canMount()) {
  console.error('no disk is filled: only root on Linux can mount one');
  kinds = kinds.filter((kind) => kind !== 'disk');
}
const stopping = new AbortController();
// The library of PostgreSQL ends the process at once; what it has to end, it also ends at an exit.
process.removeAllListeners('SIGINT');
process.once('SIGINT', () => {
  console.error('stops after this kill; once more stops now');
  stopping.abort();
  process.once('SIGINT', () => process.exit(130));
});
process.once('SIGTERM', () => process.exit(143));
const durability = values.durability as Durability;
const say = (text: string): void => console.error(text);
const { lines, kept } = await run({
  ...{ root, count, seed, kinds, stores, durability, state: values.state },
  ...{ say, signal: stopping.signal },
});
if (lines.length === 0) console.log(`nothing to do: the state has these ${count} kills of seed ${seed}`);
else console.log(tally(lines));
if (kept !== undefined) console.log(`kept: ${kept}`);
process.exitCode = kept === undefined ? 0 : 1;

function canMount(): boolean {
  const disk = Disk.mount();
  disk?.unmount();
  return disk !== undefined;
}
