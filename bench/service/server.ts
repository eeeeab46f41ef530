import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cerbosPolicies, writBundle } from './workload.js';

/** A decision point that runs, to be measured. */
export interface Server {
  readonly name: string;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The key that the server made for one of its clients. */
  keyOf?(client: string): string;
  keyFileOf?(client: string): string;
  readonly pid?: number | undefined;
  /** @param keeps whether its folder stays */
  stop(keeps?: boolean): Promise<void>;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
export const WRIT = here('../../../packages/writ/bin/writ.js');
const PEER = here('../../service/peer');

export interface WritOptions {
  readonly bundle?: Readonly<Record<string, string>>;
  /** A folder for a CPU profile. */
  readonly profile?: string;
  /** The folder that it has; a new one when it is not given. */
  readonly folder?: string;
  /** A PostgreSQL database, and whether another service keeps it. */
  readonly store?: string;
  readonly follow?: boolean;
  /** Where its gateway listens, when it has one. */
  readonly gatewayPort?: number;
  /** The port of its proxy for HTTP, when it has one. */
  readonly httpPort?: number;
  readonly grpcSocket?: string;
  /** The keys of the service that it follows, and the file of its store key. */
  readonly keyOf?: Server['keyOf'];
  readonly storeKeyFile?: string;
}

/** Writ as `writ start` starts it: every decision on disk before its answer. */
export async function startWrit(options: WritOptions = {}): Promise<Server> {
  const { bundle = writBundle(), profile, store, follow } = options;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'writ-bench-'));
  writeAll(join(folder, 'bundle'), bundle);
  const port = await freePort();
  const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const args = [
    'start',
    '--bundle',
    join(folder, 'bundle'),
    '--data',
    join(folder, 'data'),
    '--port',
    String(port),
    '--log-level',
    'error',
    ...(follow === true ? ['--follow'] : []),
    ...(options.storeKeyFile === undefined ? [] : ['--store-key', `file:${options.storeKeyFile}`]),
    ...(options.gatewayPort === undefined ? [] : ['--gateway-port', String(options.gatewayPort)]),
    ...(options.httpPort === undefined ? [] : ['--http-port', String(options.httpPort)]),
    ...(options.grpcSocket === undefined ? [] : ['--grpc-socket', options.grpcSocket]),
  ];
  const child = spawn(process.execPath, [...flags, WRIT, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: store === undefined ? process.env : { ...process.env, WRIT_STORE: store },
  });
  await answers(child, `http://127.0.0.1:${port}/readyz`);
  const keyFileOf = (client: string): string => join(folder, `data/keys/${client}.key`);
  const ownKey = (client: string): string => readFileSync(keyFileOf(client), 'utf8').trim();
  const keyOf = options.keyOf ?? ownKey;
  return {
    name: 'Writ',
    port,
    headers: { Authorization: `Bearer ${keyOf('default')}` },
    keyOf,
    keyFileOf,
    pid: child.pid,
    stop: (keeps = false) => end(child, keeps ? undefined : folder),
  };
}

/** Cerbos with its audit off and nothing in its log but errors; undefined where it does not run. */
export async function startCerbos(): Promise<Server | undefined> {
  const binary = join(PEER, 'node_modules/@cerbos/cerbos-linux-x64/cerbos-linux-x64');
  if (!existsSync(binary)) {
    const { status } = spawnSync('npm', ['ci', '--loglevel=error', '--no-audit', '--no-fund'], {
      cwd: PEER,
      stdio: ['ignore', 2, 2],
    });
    if (status !== 0 || !existsSync(binary)) return undefined;
  }
  chmodSync(binary, 0o755);
  const folder = mkdtempSync(join(tmpdir(), 'cerbos-bench-'));
  writeAll(join(folder, 'policies'), cerbosPolicies());
  const [http, grpc] = [await freePort(), await freePort()];
  const config = {
    server: { httpListenAddr: `127.0.0.1:${http}`, grpcListenAddr: `127.0.0.1:${grpc}` },
    storage: { driver: 'disk', disk: { directory: join(folder, 'policies') } },
    telemetry: { disabled: true },
    audit: { enabled: false },
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const child = spawn(binary, ['server', '--config', join(folder, 'config.json'), '--log-level=error'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await answers(child, `http://127.0.0.1:${http}/_cerbos/health`);
  return { name: 'Cerbos', port: http, headers: {}, pid: child.pid, stop: () => end(child, folder) };
}

function writeAll(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  for (let i = 0; i < 900; i += 1) {
    if (child.exitCode !== null) throw new Error(`the server of ${url} ended`);
    if ((await fetch(url).catch(() => undefined))?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} does not answer`);
}

async function end(child: ChildProcess, folder: string | undefined): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
