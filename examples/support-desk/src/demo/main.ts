import { cpSync, rmSync } from 'node:fs';
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
  --data DIR  where the store, the keys and the sandbox are (./data)`;

const BUNDLE = fileURLToPath(new URL('../..', import.meta.url));
const [SERVICE_PORT, GATEWAY_PORT] = [7465, 7466];

const options = readOptions();
try {
  await main();
} catch (error) {
  const portTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  if (!(error instanceof WritError) && !portTaken) throw error;
  const help = error instanceof WritError ? error.help : '`npm start -- --once` takes any free port';
  console.error(`${pc.red('error')} ${(error as Error).message}${help === undefined ? '' : `\n      ${help}`}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { once, json, data } = options;
  const writ = await start({
    bundle: BUNDLE,
    data,
    prepare: () => prepareSandbox(data),
    // A run that ends by itself takes any free port, so that it never collides with one that stays.
    port: once ? 0 : SERVICE_PORT,
    gatewayPort: once ? 0 : GATEWAY_PORT,
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
  console.log(`Why was it denied?  ${pc.bold(`npx writ explain ${first?.decisionId}${options.dataFlag}`)}`);
  if (options.once) return;
  console.log(`The service         ${pc.bold(writ.serviceUrl)}  AuthZEN, key in ${relative('.', writ.keyFile)}`);
  console.log(
    `The gateway         ${pc.bold(writ.gatewayUrl ?? '')}  MCP over Streamable HTTP, keys in ${relative('.', options.data)}/keys`,
  );
  console.log('Stop with Ctrl-C.');
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        data: { type: 'string' },
      },
    });
    // npm runs scripts in the project's folder; a path was typed in the caller's.
    const data = resolve(process.env.INIT_CWD ?? '.', values.data ?? 'data');
    return {
      ...values,
      data: values.data === undefined ? resolve('data') : data,
      dataFlag: values.data === undefined ? '' : ` --data ${values.data}`,
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

/** Each run begins with the same files and the same desk; the store, the record and the keys stay. */
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
