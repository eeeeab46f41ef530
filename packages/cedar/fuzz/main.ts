import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { answered, arbitraryChoices, caseOf, difference } from './differential.js';

const USAGE = `usage: npm run fuzz -- [--minutes N] [--seed N]
  --minutes N  how long to look for a difference to the official engine (1)
  --seed N     begin with this seed: a run repeats exactly`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
let seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
if (values.help || !(minutes > 0) || !Number.isInteger(seed)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

const RUNS = 1_000;
const until = Date.now() + minutes * 60_000;
let cases = 0;
while (Date.now() < until) {
  const result = fc.check(
    fc.property(arbitraryChoices, (numbers) => {
      const found = difference(answered(caseOf(numbers)));
      if (found !== undefined) throw new Error(found);
    }),
    { seed, numRuns: RUNS },
  );
  cases += result.numRuns;
  if (result.failed) {
    console.log(`seed ${seed}: a difference, shrunk ${result.numShrinks} times\n\n${String(result.errorInstance)}`);
    console.log(`\nagain: npm run fuzz -- --seed ${seed}`);
    process.exit(1);
  }
  console.log(`seed ${seed}: ${RUNS} cases agree (${cases} in all)`);
  seed += 1;
}
