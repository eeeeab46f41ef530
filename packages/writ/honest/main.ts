import { parseArgs } from 'node:util';
import { honest } from './run.js';

const USAGE = `usage: npm run honest -w writ -- [--count N] [--days N] [--seed N]
Lets an honest coding agent work under a bundle as \`writ up\` drafts it, by a simulated clock. Exit code 1 if a call is denied, or if
somebody is asked about a call that no text of others dictated.
  --count N  calls (5000)
  --days N   days (3)
  --seed N   another seed makes other calls (1)`;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    days: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
const [count, days, seed] = [values.count, values.days, values.seed].map(Number) as [number, number, number];
if (values.help || [count, days].some((n) => !(n >= 1)) || !Number.isFinite(seed)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
const report = await honest({ count, days, seed });
console.log(JSON.stringify(report, null, 2));
process.exitCode = report.denied.length + report.askedInVain.length === 0 ? 0 : 1;
