import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isSound, soak } from './soak.js';

const USAGE = `usage: npm run soak -w writ -- [--minutes N] [--clients N] [--rest MS] [--seed N] [--json]
Runs a service of its own under mixed traffic, an hour unless --minutes says otherwise; looks for errors, leaks and lost decisions.`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    clients: { type: 'string', default: '16' },
    rest: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [minutes, clients, restMs, seed] = [values.minutes, values.clients, values.rest, values.seed].map(Number) as [
  number,
  number,
  number,
  number,
];
if (values.help || [minutes, clients, restMs, seed].some((n) => !Number.isFinite(n) || n < 0)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const report = await soak({
  command: here('../../bin/writ.js'),
  bundle: here('../../soak/bundle'),
  minutes,
  clients,
  restMs,
  seed,
  say: values.json ? () => undefined : (text) => console.error(text),
});
console.log(JSON.stringify(report, null, 2));
if (!values.json) console.log(isSound(report) ? 'sound' : 'NOT sound');
process.exitCode = isSound(report) ? 0 : 1;
