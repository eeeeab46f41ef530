import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { start, WritError } from 'writ';
import { type CallReport, drive } from './drive.js';
import { sessionTable } from './report.js';
import { sessions } from './sessions.js';

const USAGE = `usage: npm start [-- options]
  --once      end after the two sessions
  --json      print one JSON object instead of tables
  --keep      continue from what earlier runs left: the ledger counts their refunds
  --data DIR  the folder of the store, the keys and the sandbox; never emptied (data/demo, emptied at each start)
  --port N    the port of the service; the gateway takes the next one (7465); 0 takes any free ones`;

const BUNDLE = fileURLToPath(new URL('../..', import.meta.url));
const OWN_DATA = fileURLToPath(new URL('../../../../data/demo', import.meta.url));
/** npm runs scripts in the project's folder; paths are typed and read in the caller's. */
const CALLERS_FOLDER = process.env.INIT_CWD ?? '.';

const options = readOptions();
try {
  await main();
} catch (error) {
  const portTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  if (!(error instanceof WritError) && !portTaken) throw error;
  const help = error instanceof WritError ? error.help : '`npm start -- --port 0` takes any free port';
  console.error(`${pc.red('error')} ${(error as Error).message}${help === undefined ? '' : `\n      ${help}`}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { once, json, data, port } = options;
  const writ = await start({
    bundle: BUNDLE,
    data,
    prepare: () => {
      if (options.isEmptied) empty(data);
      prepareSandbox(data);
    },
    port,
    gatewayPort: port === 0 ? 0 : port + 1,
  });

  const calls: CallReport[] = [];
  for (const session of sessions(join(data, 'files'))) {
    const reports = await drive(writ, session);
    calls.push(...reports);
    if (!json) console.log(`${sessionTable(session, reports)}\n`);
  }
  const allowed = calls.filter(({ result }) => result === 'allow').length;
  const denied = calls.length - allowed;
  if (json) console.log(JSON.stringify({ calls, allowed, denied }));
  else farewell(writ, calls, allowed, denied);

  if (!once) await stopSignal();
  await writ.close();
}

function farewell(
  writ: Awaited<ReturnType<typeof start>>,
  calls: readonly CallReport[],
  allowed: number,
  denied: number,
): void {
  const first = calls.find(({ result }) => result === 'deny');
  const through = calls.filter(({ result, executed }) => result === 'deny' && executed).length;
  const stopped =
    through === 0 ? 'No denied call reached its server.' : pc.red(`${through} denied calls reached a server!`);
  console.log(`${allowed} allowed, ${denied} denied. ${stopped}\n`);
  const data = options.dataFlag;
  console.log(`Why was it denied?  ${pc.bold(`npx writ explain ${first?.decisionId} --data ${data}`)}`);
  if (options.once) return;
  console.log(`The service         ${pc.bold(writ.serviceUrl)}  AuthZEN, key in ${join(data, 'keys', 'default.key')}`);
  console.log(
    `The gateway         ${pc.bold(writ.gatewayUrl ?? '')}  MCP over Streamable HTTP, keys in ${join(data, 'keys')}`,
  );
  console.log('Stop with Ctrl-C.');
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        data: { type: 'string' },
        port: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const { once, json, keep } = values;
    const data = values.data === undefined ? OWN_DATA : resolve(CALLERS_FOLDER, values.data);
    // A run that ends by itself takes any free port, so that it never collides with one that stays.
    const port = Number(values.port ?? (once ? 0 : 7465));
    if (!Number.isInteger(port) || port < 0 || port > 65_534) throw new Error(`--port ${values.port} is not a port`);
    const isEmptied = values.data === undefined && !keep;
    return { once, json, data, port, isEmptied, dataFlag: values.data ?? relative(CALLERS_FOLDER, OWN_DATA) };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

/** Removes what earlier runs left in a folder that this process has locked. */
function empty(data: string): void {
  for (const name of readdirSync(data)) {
    if (!name.startsWith('lock.db')) rmSync(join(data, name), { recursive: true });
  }
}

/** Puts the files and the desk back to how each run finds them. The store, the record and the keys stay. */
function prepareSandbox(data: string): void {
  rmSync(join(data, 'files'), { recursive: true, force: true });
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(data, `desk.db${suffix}`), { force: true });
  cpSync(join(BUNDLE, 'files'), join(data, 'files'), { recursive: true });
}

function stopSignal(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
  });
}
