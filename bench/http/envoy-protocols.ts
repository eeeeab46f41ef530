import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { freePort, startWrit } from '../service/server.js';
import { ended, type FrontKind, startedScript } from './front.js';
import { benchBundle } from './writ-proxy.js';

const PERMITS_ALL = fileURLToPath(new URL('permits-all.js', import.meta.url));
/** These run compiled, in bench/dist/http. */
const INSTALLED = fileURLToPath(new URL('../../../node_modules/.writ/programs/bin', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../../examples/envoy', import.meta.url));

export const PROTOCOLS = ['ext-proc', 'ext-authz'] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** Envoy with the settings of examples/envoy, which asks Writ, or a server that permits everything. */
export const envoyAsking = (protocol: Protocol, who: 'Writ' | 'a server that permits everything'): FrontKind => ({
  name: `Envoy, ${protocol} to ${who}`,
  start: async (backEnd) => {
    const binary = [INSTALLED, ...(process.env.PATH ?? '').split(delimiter)]
      .map((folder) => join(folder, 'envoy'))
      .find((path) => existsSync(path));
    if (binary === undefined) return undefined;
    const folder = mkdtempSync(join(tmpdir(), 'writ-envoy-'));
    const socket = join(folder, 'writ.sock');
    const port = await freePort();
    const writ =
      who === 'Writ'
        ? await startWrit({ bundle: benchBundle(backEnd, 'before-response'), grpcSocket: socket })
        : undefined;
    const permits = writ === undefined ? await startedScript(PERMITS_ALL, socket) : undefined;
    const config = join(folder, 'envoy.json');
    writeFileSync(config, JSON.stringify(configOf(protocol, { port, socket, backEnd: Number(new URL(backEnd).port) })));
    const flags = ['-c', config, '--concurrency', '1', '--log-level', 'error', '--disable-hot-restart'];
    const envoy = spawn(binary, flags, { stdio: ['ignore', 'ignore', 'inherit'] });
    return {
      port,
      headers: { Host: 'shop.example', Authorization: `Bearer ${writ?.keyOf?.('bot') ?? 'bench'}` },
      pids: [envoy.pid, writ?.pid, permits?.pid].flatMap((pid) => pid ?? []),
      stop: async () => {
        await Promise.all([ended(envoy), writ?.stop(), permits === undefined ? undefined : ended(permits)]);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
});

interface Places {
  readonly port: number;
  readonly socket: string;
  readonly backEnd: number;
}

function configOf(protocol: Protocol, { port, socket, backEnd }: Places): object {
  const config = parse(readFileSync(join(EXAMPLES, `${protocol}.yaml`), 'utf8'));
  const { listeners, clusters } = config.static_resources;
  const [shop, writ] = clusters;
  listeners[0].address.socket_address = { address: '127.0.0.1', port_value: port };
  shop.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address.port_value = backEnd;
  delete writ.transport_socket;
  writ.type = 'STATIC';
  writ.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address = { pipe: { path: socket } };
  return config;
}
