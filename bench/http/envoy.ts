import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, startCerbos } from '../service/server.js';
import { ended, type FrontKind, startedScript } from './front.js';

const AUTHORIZER = fileURLToPath(new URL('authorizer.js', import.meta.url));
/** This file runs compiled, in bench/dist/http. `npm run test-programs` installs there. */
const INSTALLED = fileURLToPath(new URL('../../../node_modules/.writ/programs/bin', import.meta.url));

/** Envoy, which asks an authorizer in grpc-js, which asks Cerbos. */
export const envoyWithCerbos: FrontKind = {
  name: 'Envoy with an authorizer of grpc-js that asks Cerbos',
  start: async (backEnd) => {
    const binary = [INSTALLED, ...(process.env.PATH ?? '').split(delimiter)]
      .map((folder) => join(folder, 'envoy'))
      .find((path) => existsSync(path));
    const cerbos = binary === undefined ? undefined : await startCerbos();
    if (binary === undefined || cerbos === undefined) return undefined;
    const [port, authorizerPort] = [await freePort(), await freePort()];
    const authorizer = await startedScript(AUTHORIZER, String(authorizerPort), `http://127.0.0.1:${cerbos.port}`);
    const folder = mkdtempSync(join(tmpdir(), 'writ-envoy-'));
    const config = join(folder, 'envoy.json');
    writeFileSync(config, JSON.stringify(configOf(port, authorizerPort, Number(new URL(backEnd).port))));
    const flags = ['-c', config, '--concurrency', '2', '--log-level', 'error', '--disable-hot-restart'];
    const envoy = spawn(binary, flags, { stdio: ['ignore', 'ignore', 'inherit'] });
    const stop = async (): Promise<void> => {
      await Promise.all([ended(envoy), ended(authorizer), cerbos.stop()]);
      rmSync(folder, { recursive: true, force: true });
    };
    const pids = [envoy.pid, authorizer.pid, cerbos.pid].flatMap((pid) => pid ?? []);
    return { port, headers: { Host: 'shop.example', Authorization: 'Bearer bench' }, pids, stop };
  },
};

function configOf(port: number, authorizer: number, backEnd: number): object {
  const address = (at: number) => ({ socket_address: { address: '127.0.0.1', port_value: at } });
  const cluster = (name: string, at: number) => ({
    ...{ name, type: 'STATIC' },
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: address(at) } }] }] },
  });
  const type = (name: string) => ({ '@type': `type.googleapis.com/envoy.${name}` });
  const http2 = {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        ...type('extensions.upstreams.http.v3.HttpProtocolOptions'),
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
  };
  const filters = [
    {
      name: 'ext_authz',
      typed_config: {
        ...type('extensions.filters.http.ext_authz.v3.ExtAuthz'),
        ...{ transport_api_version: 'V3', failure_mode_allow: false },
        grpc_service: { envoy_grpc: { cluster_name: 'authorizer' }, timeout: '5s' },
      },
    },
    { name: 'router', typed_config: type('extensions.filters.http.router.v3.Router') },
  ];
  const manager = {
    ...type('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'bench',
    route_config: {
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'back_end' } }] },
      ],
    },
    http_filters: filters,
  };
  return {
    static_resources: {
      listeners: [
        {
          ...{ name: 'front', address: address(port) },
          filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
        },
      ],
      clusters: [cluster('back_end', backEnd), { ...cluster('authorizer', authorizer), ...http2 }],
    },
  };
}
