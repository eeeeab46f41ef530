import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCheck, frontOf } from '../../src/http/check/index.js';
import type { CanonicalRequest, Service } from '../../src/http/index.js';
import { type Listener, shopListeners } from '../servers.js';
import { shop } from '../shop.js';
import { type FrontName, type RealFront, startFront } from './real-fronts.js';

/** A request as the service behind a front received it. */
interface Received {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
}

/** A front with a check endpoint that permits all that has one reading, and the shop behind it. */
export interface BehindFront {
  readonly front: RealFront;
  readonly service: Service;
  /** The names of the frameworks. */
  readonly frameworks: readonly string[];
  /** Lets a framework serve what comes from now on. */
  choose(framework: string): void;
  /** Returns the requests that were decided on, and those that the service received, since the last call. */
  take(): { readonly decided: readonly CanonicalRequest[]; readonly received: readonly Received[] };
  close(): Promise<void>;
}

const KEY = 'writ_front-of-the-tests';

/** Starts a front before the shop; undefined if its program is not here. */
export async function behindFront(
  name: FrontName,
  /** The port that it asks at; by default that of a check endpoint of its own. */
  asksAt?: number,
): Promise<BehindFront | undefined> {
  const [decided, received]: [CanonicalRequest[], Received[]] = [[], []];
  const listeners = new Map(await shopListeners());
  let current = [...listeners.values()][0] as Listener;
  const server = createServer((request: IncomingMessage, response) => {
    const { method = '', url = '', rawHeaders } = request;
    received.push({ method, url, rawHeaders });
    current(request, response);
  });
  const service = shop();
  const front = frontOf('edge', { profile: name, services: ['shop'], body: 'none', removes: [] });
  const check = createCheck({
    services: () => [service],
    frontOf: (proof) => (proof === `Bearer ${KEY}` ? front : undefined),
    decide: async (request) => {
      decided.push(request);
      return { permitted: true, decision: 'd-1', headers: { Authorization: 'Bearer of-service' }, done: () => {} };
    },
  });
  const places = { service: await listening(server), check: asksAt ?? (await listening(check)), key: KEY };
  const stop = async (): Promise<void> => {
    await Promise.all([stopped(server), ...(asksAt === undefined ? [stopped(check)] : [])]);
  };
  const real = await startFront(name, places);
  if (real === undefined) {
    await stop();
    return undefined;
  }
  return {
    front: real,
    service,
    frameworks: [...listeners.keys()],
    choose: (framework) => {
      current = listeners.get(framework) as Listener;
    },
    take: () => ({ decided: decided.splice(0), received: received.splice(0) }),
    close: async () => {
      await real.close();
      await stop();
    },
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function stopped(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
