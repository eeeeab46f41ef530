import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { StoreKind } from './attack.js';
import { ATTACKS } from './attacks.js';
import { type Checkout, checkoutOf } from './checkout.js';
import { run, type Tried } from './run.js';
import { lastLine, lineOf, table } from './table.js';

const USAGE = `usage: npm run abuse -w writ -- [--only PATTERN] [--store sqlite|postgres|both] [--at COMMIT | --root DIR] [--json]
Attacks a service, gateway and guard of its own, and says what held. Exit code 1 if something did not hold.
  --only PATTERN  attacks whose kind, name or finding matches
  --at COMMIT     attacks another commit, which is checked out and built in a temporary folder
  --root DIR      attacks another checkout, which is built`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    store: { type: 'string', default: 'both' },
    at: { type: 'string' },
    root: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const stores = new Map<string, readonly StoreKind[]>([
  ['sqlite', ['sqlite']],
  ['postgres', ['postgres']],
  ['both', ['sqlite', 'postgres']],
]).get(values.store);
if (values.help || stores === undefined) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
const here = fileURLToPath(new URL('../../../..', import.meta.url));
const pattern = new RegExp(values.only ?? '', 'i');
const chosen = ATTACKS.filter(({ kind, name, finding }) => pattern.test(`${kind} ${finding} ${name}`));
// An exit ends all that was started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const other: Checkout | undefined = values.at === undefined ? undefined : await checkoutOf(values.at, here);
let tried: Tried[] = [];
try {
  const say = (one: Tried): void => console.error(lineOf(one));
  tried = await run(chosen, { root: other?.root ?? values.root ?? here, stores, say });
} finally {
  await other?.remove();
}
if (values.json) console.log(JSON.stringify(tried, null, 2));
else console.log(`${table(tried)}\n${lastLine(tried)}`);
process.exitCode = tried.every(({ attack, twin }) => attack === undefined && twin === undefined) ? 0 : 1;
