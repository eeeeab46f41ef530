import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { start, type Writ, WritError } from 'writ';
import { Account, type StepReport } from './account.js';
import { startBackEnd } from './back-end.js';
import { Orders } from './orders.js';
import { sessionText } from './report.js';
import { SESSIONS } from './sessions.js';

const USAGE = `usage: npm run orders [-- options]
  --once      end after the two sessions, on free ports
  --json      print one JSON object
  --data DIR  the folder of the store and the keys; never emptied (data/orders, emptied at each start)`;

const EXAMPLE = fileURLToPath(new URL('..', import.meta.url));
const OWN_DATA = fileURLToPath(new URL('../../../data/orders', import.meta.url));
/** npm runs scripts in the project's folder; paths are typed and read in the caller's. */
const CALLERS_FOLDER = process.env.INIT_CWD ?? '.';
/** The service, the gateway, the proxy and the back end. */
const PORTS = [7465, 7466, 7467, 7480] as const;

const options = readOptions();
try {
  await main();
} catch (error) {
  const isPortTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  if (!(error instanceof WritError) && !isPortTaken) throw error;
  const help = error instanceof WritError ? error.help : '`npm run orders -- --once` takes free ports';
  console.error(`${pc.red('error')} ${(error as Error).message}${help === undefined ? '' : `\n      ${help}`}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { once, json, data } = options;
  const [port, gatewayPort, httpPort, backPort] = once ? [0, 0, 0, 0] : PORTS;
  const orders = new Orders();
  const credential = randomBytes(24).toString('base64url');
  process.env.ORDERS_TOKEN = credential;
  const back = await startBackEnd(orders, credential, backPort);
  let writ: Writ | undefined;
  try {
    mkdirSync(data, { recursive: true });
    const bundle = bundleFor(back.url, join(data, 'rules'));
    const prepare = (): void => (options.isEmptied ? empty(data) : undefined);
    writ = await start({ bundle, data, port, gatewayPort, httpPort, prepare });
    const steps: StepReport[] = [];
    for (const session of SESSIONS) {
      const reports = await new Account(writ, session).work();
      steps.push(...reports);
      if (!json) console.log(`${sessionText(session, reports)}\n`);
    }
    if (json) console.log(JSON.stringify({ steps, refunds: orders.refunds, exports: orders.exports }));
    else farewell(writ, steps, orders);
    if (!once) await stopSignal();
  } finally {
    await writ?.close();
    back.server.closeAllConnections();
    back.server.close();
  }
}

/** Copies the bundle, with the address that the back end has in this run. */
function bundleFor(url: string, folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  for (const name of readdirSync(EXAMPLE))
    if (!['dist', 'src', 'test', 'tsconfig.json'].includes(name))
      cpSync(join(EXAMPLE, name), join(folder, name), { recursive: true });
  const settings = join(folder, 'writ.yaml');
  writeFileSync(settings, readFileSync(settings, 'utf8').replaceAll('http://127.0.0.1:7480', url));
  return folder;
}

function farewell(writ: Writ, steps: readonly StepReport[], orders: Orders): void {
  const shown = relative(CALLERS_FOLDER, options.data) || '.';
  const made = orders.refunds.map(({ order, amount, over }) => `${order} ${(amount / 100).toFixed(2)} over ${over}`);
  console.log(`The back end made these refunds:\n  ${made.join('\n  ')}\nand sent ${orders.exports.length} report.\n`);
  const denied = steps.find(({ result }) => result === 'deny');
  console.log(`Why?  ${pc.bold(`npx writ explain ${denied?.decisionId} --data ${shown}`)}`);
  if (options.once) return;
  console.log(`The proxy    ${pc.bold(writ.httpUrl ?? '')}, for the host orders.example`);
  console.log(`The gateway  ${pc.bold(writ.gatewayUrl ?? '')}`);
  console.log(`Keys         ${join(shown, 'keys', 'refunds-for-ana.key')}`);
  console.log('Stop with Ctrl-C.');
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        data: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const { once, json } = values;
    const data = values.data === undefined ? OWN_DATA : resolve(CALLERS_FOLDER, values.data);
    return { once, json, data, isEmptied: values.data === undefined };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

/** Removes what earlier runs left in a folder that this process has locked. */
function empty(data: string): void {
  for (const name of readdirSync(data))
    if (!name.startsWith('lock.db') && name !== 'rules') rmSync(join(data, name), { recursive: true });
}

function stopSignal(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
  });
}
