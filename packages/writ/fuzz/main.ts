import { parseArgs } from 'node:util';
import { fuzzReaders } from './readers.js';

/** `npm run fuzz-readers -w writ -- [--count N] [--seed N]`: every reader of foreign text within its processor time. */

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
const { ChildPool } = (await import(new URL('../lib/child-pool.js', import.meta.url).href)) as {
  ChildPool: Parameters<typeof fuzzReaders>[0];
};
const { readings, slow } = await fuzzReaders(ChildPool, { count, seed });
for (const { reader, text } of slow) console.log(`${reader}: ${JSON.stringify(text)}`);
console.log(`seed ${seed}: ${readings} readings of ${count} texts, ${slow.length} past their time`);
process.exitCode = slow.length === 0 ? 0 : 1;
