import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../programs.js';

/** The fronts that tests start, with their configurations of `deploy/fronts`. */
export const FRONTS = ['nginx', 'caddy', 'haproxy'] as const;
export type FrontName = (typeof FRONTS)[number];

/** A front that runs. */
export interface RealFront {
  readonly name: FrontName;
  readonly port: number;
  close(): Promise<void>;
}

/** The ports and the key that a front is configured with. */
interface FrontPlaces {
  readonly check: number;
  readonly service: number;
  readonly key: string;
  /** The authority of the certificate of the check endpoint, PEM, and its name there; without it the front asks in the clear. */
  readonly tls?: { readonly ca: string; readonly name: string } | undefined;
}

const DEPLOY = new URL('../../../../deploy/fronts/', import.meta.url);
const START_MS = 20_000;

/** Starts a front with its configuration of `deploy/fronts`, in which the ports alone are others. Undefined if the program is not here. */
export async function startFront(name: FrontName, places: FrontPlaces): Promise<RealFront | undefined> {
  const program = findProgram(name);
  if (program === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), `writ-front-${name}-`));
  const port = await freePort();
  const file = (from: string, to = from): string => {
    const text = overTls(name, readFileSync(new URL(from, DEPLOY), 'utf8'), places)
      .replaceAll('127.0.0.1:7468', `127.0.0.1:${places.check}`)
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${places.service}`)
      .replace('bind :8000', `bind 127.0.0.1:${port}`)
      .replace(/^:8000 {/m, `http://:${port} {\n\tbind 127.0.0.1`)
      .replace('listen 8000', `listen 127.0.0.1:${port}`)
      .replaceAll(/\/etc\/(?:nginx|haproxy|caddy)/g, folder);
    writeFileSync(join(folder, to), text);
    return join(folder, to);
  };
  if (places.tls !== undefined) writeFileSync(join(folder, 'writ-ca.pem'), places.tls.ca);
  const args = ARGUMENTS[name](file, folder, places);
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      HOME: folder,
      WRIT_FRONT_KEY: places.key,
      WRIT_CHECK: `http://127.0.0.1:${places.check}/v1/check`,
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece) => {
      said = (said + piece).slice(-4_000);
    });
  const close = async (): Promise<void> => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await listens(port, child);
  } catch (error) {
    await close();
    throw new Error(`${name} does not start: ${said}`, { cause: error });
  }
  return { name, port, close };
}

/** Returns a configuration with the lines for TLS that it has as comments. */
function overTls(name: FrontName, text: string, { tls }: FrontPlaces): string {
  if (tls === undefined) return text;
  const changed =
    name === 'nginx'
      ? text.replace('proxy_pass http://writ/', 'proxy_pass https://writ/').replaceAll('# proxy_ssl_', 'proxy_ssl_')
      : text
          .replace('forward_auth 127', 'forward_auth https://127')
          .replace(/^\t+# (transport http \{)\n\t+#(.*)\n\t+#(.*)\n\t+# \}$/m, '$1\n$2\n$3\n}');
  if (!changed.includes('writ.internal')) throw new Error(`the configuration of ${name} has no lines for TLS`);
  return changed.replaceAll('writ.internal', tls.name);
}

type WriteFile = (from: string, to?: string) => string;

const ARGUMENTS: Readonly<Record<FrontName, (file: WriteFile, folder: string, places: FrontPlaces) => string[]>> = {
  nginx: (file, folder, { key }) => {
    file('nginx.conf', 'writ.conf');
    writeFileSync(join(folder, 'writ-key.conf'), `proxy_set_header Writ-Front "Bearer ${key}";\n`);
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => {
      mkdirSync(join(folder, one));
      return `${one}_temp_path ${join(folder, one)};`;
    });
    const main = join(folder, 'main.conf');
    writeFileSync(
      main,
      `daemon off; worker_processes 1; pid ${folder}/pid; events {}
http { access_log off; ${paths.join(' ')} include ${folder}/writ.conf; }\n`,
    );
    return ['-c', main, '-e', 'stderr'];
  },
  caddy: (file) => {
    const made = file('Caddyfile');
    writeFileSync(made, `{\n\tadmin off\n\tauto_https off\n}\n${readFileSync(made, 'utf8')}`);
    return ['run', '--config', made, '--adapter', 'caddyfile'];
  },
  haproxy: (file) => {
    file('writ.lua');
    return ['-db', '-f', file('haproxy.cfg')];
  },
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listens(port: number, child: ChildProcess): Promise<void> {
  const end = Date.now() + START_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isThere) return;
    if (Date.now() > end) throw new Error('it does not listen');
    await sleep(20);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await gone;
  clearTimeout(hard);
}
