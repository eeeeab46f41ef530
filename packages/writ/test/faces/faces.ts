import { PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server';
import { CallQueue, Enforcer } from '@writ/enforce';
import { OperationMapper } from '@writ/enforce/coaz';
import { DIALECTS, HookFace, Prompts } from '@writ/enforce/hooks';
import { HTTP_BINDING, serviceOf } from '@writ/enforce/http';
import { remoteDecisionPoint, ServiceClient } from '@writ/sdk/client';
import type { Log } from '@writ/sdk/lib/log';
import { startSidecar } from '../../src/cli/enforce-http/sidecar.js';
import { HttpFace } from '../../src/enforce/http/http-face.js';
import type { Upstream } from '../../src/enforce/mcp/client/upstream.js';
import { Gateway } from '../../src/enforce/mcp/gateway/gateway.js';
import { CallMapper } from '../../src/enforce/mcp/gateway/map-call.js';
import { APPROVED } from '../../src/enforce/mcp/protocol/tool-states.js';
import { serveGateway } from '../../src/enforce/mcp/server/http.js';
import { KnownHosts } from '../../src/lib/known-hosts.js';
import { isLoopback } from '../../src/lib/loopback.js';
import { ask, shopFiles, shopOf } from '../http/shop.js';
import { bundleOf } from '../running.js';

/** A face in front of a back end, with the decisions of a service. */
export interface Face {
  /** Sends one operation. @returns whether it was carried out, as far as its client can see */
  operation(): Promise<boolean>;
  /** How many operations the back end received. */
  reached(): number;
  close(): Promise<void>;
}

const LOG: Log = { warn: () => undefined, error: () => undefined };
const HOLD = { stepUp: 'reference', waitMs: 0, justify: false, deferMs: 0, deferred: 0 } as const;
const CLIENT = { originator: { type: 'User', id: 'ana' }, agent: undefined, task: 't' };
const NOTHING = { resources: [], templates: [], prompts: [], completes: false, notifies: false, logs: false };
const PLACE = { host: '127.0.0.1', port: 0, certificate: undefined, isBehindTls: false };

const pointOf = (service: string) => remoteDecisionPoint(new ServiceClient(service, 'key'), LOG);

async function mcpGateway(service: string): Promise<Face> {
  let reached = 0;
  const upstream = {
    ...{ name: 'says', prefix: '', isAlive: true, contents: { ...NOTHING, tasks: false } },
    tools: [{ name: 'say', inputSchema: { type: 'object' } }],
    schemaError: () => undefined,
    call: async () => {
      reached += 1;
      return { content: [{ type: 'text', text: 'said' }] };
    },
  } as unknown as Upstream;
  const point = pointOf(service);
  const gateway = new Gateway({
    ...{ upstreams: [upstream], startPerClient: undefined, point, log: LOG, hash: (text: string) => text },
    attempts: { add: () => undefined },
    mapper: () => new CallMapper([], {}, 'no-schema'),
    queue: new CallQueue(point, () => HOLD, point.desk),
    toolStates: { stateOf: () => APPROVED },
  });
  const server = await serveGateway({
    ...{ gateway, log: LOG, host: '127.0.0.1', port: 0, certificate: undefined, attempts: { add: () => undefined } },
    hosts: new KnownHosts(() => new Set<string>(), isLoopback),
    identify: async () => ({ client: CLIENT, txnToken: undefined }),
    protectedResource: () => ({ resource: undefined, name: 't', authorizationServers: [], scopes: [], proofs: [] }),
  });
  const version = '2026-07-28';
  const params = {
    name: 'say',
    arguments: {},
    _meta: { [PROTOCOL_VERSION_META_KEY]: version, 'io.modelcontextprotocol/clientCapabilities': {} },
  };
  return {
    async operation() {
      const response = await fetch(server.url, {
        method: 'POST',
        headers: {
          authorization: 'Bearer ana',
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': version,
          'mcp-method': 'tools/call',
          'mcp-name': 'say',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
      });
      return (await response.text()).includes('said');
    },
    reached: () => reached,
    async close() {
      await gateway.close(0);
      await server.close();
    },
  };
}

async function reverseProxy(service: string): Promise<Face> {
  const shop = await shopOf();
  const services = [
    serviceOf({ name: 'shop', upstream: shop.url, hosts: ['shop.example'], routes: [{ route: 'GET /a' }] }),
  ];
  const served = {
    services,
    mapper: new OperationMapper(HTTP_BINDING, [], 'no-schema', () => false),
    credentials: new Map(),
  };
  const point = pointOf(service);
  const face = new HttpFace({
    ...{ place: PLACE, point, desk: point.desk, log: LOG, hash: (text: string) => text, drainMs: 0 },
    hold: () => HOLD,
    served: () => served,
    identify: async () => ({ client: CLIENT, txnToken: undefined }),
    attempts: { add: () => undefined },
  });
  await face.follow();
  return {
    operation: async () => (await ask(face.url, '/a')).status === 200,
    reached: () => shop.got.length,
    async close() {
      await face.close();
      shop.close();
    },
  };
}

async function sidecar(service: string): Promise<Face> {
  const shop = await shopOf();
  const made = await startSidecar({
    ...{ bundle: bundleOf(shopFiles(shop.url)), environment: undefined, service, key: 'key', ca: undefined },
    ...{ client: CLIENT, data: undefined, log: LOG, drainMs: 0 },
    place: { host: '127.0.0.1', port: 0, tls: undefined, isBehindTls: false },
  });
  return {
    operation: async () => (await ask(made.url, '/orders/17')).status === 200,
    reached: () => shop.got.length,
    async close() {
      await made.close();
      shop.close();
    },
  };
}

/** A client that runs a tool unless the answer of its hook is not `{}`. */
async function agentHooks(service: string): Promise<Face> {
  const point = pointOf(service);
  const attempts = { add: () => undefined };
  const queue = new CallQueue(point, () => HOLD, point.desk);
  const enforcer = new Enforcer({ point, queue, attempts, at: 'hook', log: LOG, hash: (text) => text });
  const mapper = new CallMapper([], {}, 'no-schema');
  const face = new HookFace({
    ...{ enforcer, prompts: new Prompts().of('ana'), deadlineMs: 2_000 },
    map: ({ server, tool, action, input }, client) =>
      mapper.map({ server, tool, shown: action, arguments: input }, client),
  });
  let reached = 0;
  return {
    async operation() {
      const { kind, ...answer } = await face.answer(DIALECTS.claude, DIALECTS.claude.asking('ls'), CLIENT);
      const isStopped = kind !== 'answer' || JSON.stringify('json' in answer && answer.json) !== '{}';
      if (!isStopped) reached += 1;
      return !isStopped;
    },
    reached: () => reached,
    close: () => enforcer.close(0),
  };
}

/** Every face that Writ has. A new one is added here. */
export const FACES: Readonly<Record<string, (service: string) => Promise<Face>>> = {
  'the gateway for MCP': mcpGateway,
  'the proxy for HTTP': reverseProxy,
  'the proxy beside a workload': sidecar,
  'the hooks of coding agents': agentHooks,
};
