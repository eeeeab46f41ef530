import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveEnvoy } from '../src/envoy/index.js';
import type { CanonicalRequest } from '../src/http/index.js';
import type { Decide, ProxyOutcome } from '../src/http/proxy/index.js';
import { type EnvoyFace, managerOf, type RunningEnvoy, startEnvoy } from './envoy.js';
import { findProgram } from './programs.js';
import { type ShopServer, shopServers } from './servers.js';
import { always, shop } from './shop.js';

/** A request as a back end received it. */
interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A permit as its face ended it: with an answer that was read, or without. */
type End = ProxyOutcome & { readonly read?: string };

/** The faces for Envoy, a real Envoy before them, and back ends behind it: those of the shop, and `seen`, which shows all it receives. */
export interface EnvoyRig {
  readonly envoy: RunningEnvoy;
  readonly servers: readonly ShopServer[];
  /** Emptied by the test that looks. */
  readonly received: Received[];
  readonly decided: CanonicalRequest[];
  readonly ends: End[];
  /** Replaces what decides, and how the back end `seen` answers; without it the defaults. */
  set(changed?: { readonly decide?: Decide; readonly answer?: Answer }): void;
  /** Stops the decision point, and starts it again. */
  stopDeciding(): Promise<void>;
  startDeciding(): Promise<void>;
  close(): Promise<void>;
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

export const ENVOY = findProgram('envoy');
export const CREDENTIAL: [string, string] = ['Authorization', 'Bearer caller'];

const plainly: Answer = (_request, response) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end('{"fine":true}');

type Change = NonNullable<Parameters<typeof startEnvoy>[1]['change']>;

export async function envoyRig(change: Change = () => {}): Promise<EnvoyRig> {
  const servers = await shopServers();
  const folder = mkdtempSync(join(tmpdir(), 'writ-rig-'));
  const socket = join(folder, 'writ.sock');
  const received: Received[] = [];
  const decided: CanonicalRequest[] = [];
  const ends: End[] = [];
  let answer = plainly;
  const seen = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const { method = '', url = '', headers } = request;
    const body = Buffer.concat(pieces).toString();
    received.push({ method, url, headers, body });
    answer(request, response, body);
  });
  await new Promise<void>((resolve) => seen.listen(0, '127.0.0.1', resolve));
  const byCredential: Decide = async (request, { headers }) => {
    if (headers.authorization !== CREDENTIAL[1]) return { permitted: false, status: 401, title: 'no credential' };
    decided.push(request);
    return {
      permitted: true,
      decision: 'd-1',
      headers: { Authorization: 'Bearer ours' },
      done: (end) => void ends.push(end),
      accept: async ({ status, bytes }) => {
        const result = status < 400 ? 'completed' : 'failed';
        ends.push({ result, status, read: Buffer.from(bytes).toString() });
        return bytes;
      },
    };
  };
  let decide = byCredential;
  const start = () =>
    serveEnvoy({
      services: always(shop()),
      decide: (request, came) => decide(request, came),
      place: { kind: 'socket', path: socket },
      limits: { decideMs: 300 },
      log: { warn: () => {}, error: () => {} },
    });
  let server: Awaited<ReturnType<typeof start>> | undefined = await start();
  const backends = { seen: (seen.address() as AddressInfo).port };
  const envoy = await startEnvoy(ENVOY as string, {
    socket,
    change: (config, face) => {
      // Envoy waits a second before it closes a connection that it refused.
      managerOf(config).delayed_close_timeout = '0.05s';
      change(config, face);
    },
    backends: { ...backends, ...Object.fromEntries(servers.map(({ name, port }) => [name, port])) },
  });
  const stopDeciding = async (): Promise<void> => {
    await server?.close();
    server = undefined;
  };
  return {
    ...{ envoy, servers, received, decided, ends, stopDeciding },
    set: (changed = {}) => {
      decide = changed.decide ?? byCredential;
      answer = changed.answer ?? plainly;
    },
    startDeciding: async () => {
      server ??= await start();
    },
    close: async () => {
      await envoy.close();
      await stopDeciding();
      seen.closeAllConnections();
      await new Promise((resolve) => seen.close(resolve));
      await Promise.all(servers.map((one) => one.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const ENVOY_FACES: readonly EnvoyFace[] = ['ext-proc', 'ext-authz'];
