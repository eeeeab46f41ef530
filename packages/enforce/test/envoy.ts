import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as ask } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

/** A real Envoy, with the settings of examples/envoy: only its addresses are those of the test. */

// biome-ignore lint/suspicious/noExplicitAny: a foreign configuration
type Config = any;

const FACES = ['ext-proc', 'ext-authz'] as const;
export type EnvoyFace = (typeof FACES)[number];

interface EnvoyOptions {
  /** The file of the socket that the decision point listens on. */
  readonly socket: string;
  /** The ports of the back ends, by name. */
  readonly backends: Readonly<Record<string, number>>;
  /** Changes the settings of a face first. */
  readonly change?: (config: Config, face: EnvoyFace) => void;
}

export interface RunningEnvoy {
  /** Returns the port of a face in front of a back end. */
  port(face: EnvoyFace, backend: string): number;
  close(): Promise<void>;
}

export function exampleOf(face: EnvoyFace): Config {
  return parse(readFileSync(new URL(`../../../examples/envoy/${face}.yaml`, import.meta.url), 'utf8'));
}

/** Starts Envoy, with a listener for each face in front of each back end. */
export async function startEnvoy(program: string, options: EnvoyOptions): Promise<RunningEnvoy> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-envoy-'));
  const admin = join(folder, 'admin');
  writeFileSync(join(folder, 'envoy.json'), JSON.stringify(configOf(options)));
  const child = spawn(
    program,
    [
      ...['-c', join(folder, 'envoy.json'), '--admin-address-path', admin, '--disable-hot-restart'],
      ...['--concurrency', '1', '--log-level', 'critical', '--use-dynamic-base-id'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr?.on('data', (piece: Buffer) => {
    said = `${said}${piece.toString()}`.slice(-4_000);
  });
  try {
    const ports = await portsOf(admin, child, () => said);
    return {
      port: (face, backend) => {
        const port = ports.get(`${face} ${backend}`);
        if (port === undefined) throw new Error(`no listener for ${face} in front of ${backend}`);
        return port;
      },
      close: () => ended(child, folder),
    };
  } catch (error) {
    await ended(child, folder);
    throw error;
  }
}

function configOf({ socket, backends, change = () => {} }: EnvoyOptions): object {
  const listeners: Config[] = [];
  const clusters: Config[] = [];
  for (const face of FACES)
    for (const [backend, port] of Object.entries(backends)) {
      const config = exampleOf(face);
      change(config, face);
      const [listener] = config.static_resources.listeners;
      const [shop, writ] = config.static_resources.clusters;
      const name = `${face} ${backend}`;
      listener.name = name;
      listener.address = { socket_address: { address: '127.0.0.1', port_value: 0 } };
      const manager = managerOf(config);
      manager.route_config.virtual_hosts[0].routes.forEach((route: Config) => {
        if (route.route !== undefined) route.route.cluster = `shop ${name}`;
      });
      shop.name = `shop ${name}`;
      shop.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address.port_value = port;
      listeners.push(listener);
      clusters.push(shop);
      if (clusters.some((one) => one.name === 'writ')) continue;
      delete writ.transport_socket;
      writ.type = 'STATIC';
      writ.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address = { pipe: { path: socket } };
      clusters.push(writ);
    }
  return {
    layered_runtime: exampleOf('ext-proc').layered_runtime,
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
    static_resources: { listeners, clusters },
  };
}

/** Returns the settings of the connection manager of an example. */
export function managerOf(config: Config): Config {
  return config.static_resources.listeners[0].filter_chains[0].filters[0].typed_config;
}

async function portsOf(admin: string, child: ChildProcess, said: () => string): Promise<Map<string, number>> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Envoy ended: ${said()}`);
    const [, port] = /:(\d+)$/.exec(readIfThere(admin)) ?? [];
    const listed = port === undefined ? [] : await listenersAt(Number(port)).catch(() => []);
    if (listed.length > 0) return new Map(listed);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

async function listenersAt(port: number): Promise<[string, number][]> {
  const text = await new Promise<string>((resolve, reject) => {
    ask({ host: '127.0.0.1', port, path: '/listeners?format=json' }, (answer) => {
      let all = '';
      answer.on('data', (piece: Buffer) => {
        all += piece.toString();
      });
      answer.on('end', () => resolve(all));
    })
      .on('error', reject)
      .end();
  });
  return (JSON.parse(text).listener_statuses ?? []).map((one: Config) => [
    one.name,
    one.local_address.socket_address.port_value,
  ]);
}

async function ended(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
}
