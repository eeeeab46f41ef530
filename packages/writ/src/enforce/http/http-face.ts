import type { AddressInfo, Server } from 'node:net';
import { CallQueue, Enforcer, type HoldSettings } from '@writ/enforce';
import type { Attempts } from '@writ/enforce/attempts';
import {
  changeAnswer,
  createProxy,
  egressBy,
  enforcedBy,
  type HttpProxy,
  type ServedEgress,
  type ServedServices,
} from '@writ/enforce/http/proxy';
import type { ApprovalDesk, DecisionPoint } from '@writ/sdk/authzen';
import type { Log } from '@writ/sdk/lib/log';
import { isLoopback } from '../../lib/loopback.js';
import { nodeServer } from '../../lib/node-server.js';
import { OpenConnections } from '../../lib/open-connections.js';
import type { ServerCertificate } from '../../lib/server-certificate.js';
import { ProxyInTheClearError } from '../errors.js';
import { FollowedListener } from './followed-listener.js';
import { heldShortly } from './held-shortly.js';

/** The place at which the proxy for HTTP listens. */
export interface ProxyPlace {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly certificate: ServerCertificate | undefined;
  /** Whether a proxy in front of it ends TLS. */
  readonly isBehindTls: boolean;
}

export interface HttpFaceParts {
  readonly place: ProxyPlace;
  readonly point: DecisionPoint;
  readonly desk: ApprovalDesk;
  readonly hold: () => HoldSettings;
  readonly served: () => ServedServices;
  /** The tunnels that are made; by default none. */
  readonly egress?: (() => ServedEgress | undefined) | undefined;
  /** Receives the end of each tunnel. */
  readonly onTunnel?: Parameters<typeof egressBy>[0]['onEnd'];
  readonly identify: Parameters<typeof enforcedBy>[0]['identify'];
  readonly attempts: Pick<Attempts, 'add'>;
  readonly log: Log;
  /** The keyed hash of what obligations change. */
  readonly hash: (text: string) => string;
  /** How long requests under way may take when it stops; 5 s by default. */
  readonly drainMs?: number | undefined;
}

/** The part of the open files of the process that may be connections of the proxy. */
export const SHARE_OF_FILES = 0.25;
/** The most that a request waits for its decision; a fact that comes later is too late. */
export const DECIDE_MS = 60_000;
export const DRAIN_MS = 5_000;

interface Listening {
  readonly proxy: HttpProxy;
  readonly enforcer: Enforcer;
  readonly url: string;
}

/** The reverse proxy of a process. It listens as long as there is a service to stand before. */
export class HttpFace {
  private readonly listener = new FollowedListener<Listening>({
    isNeeded: () => this.parts.served().services.length > 0 || this.parts.egress?.() !== undefined,
    listen: () => this.listen(),
    stop: (listening) => this.stop(listening),
  });

  constructor(private readonly parts: HttpFaceParts) {}

  /** Undefined while it does not listen. */
  get url(): string | undefined {
    return this.listener.url;
  }

  /**
   * Listens if a service is served or tunnels are made, and stops if not.
   *
   * @throws {ProxyInTheClearError} if credentials would travel in the clear; {@link Error} if the port cannot be had
   */
  follow(): Promise<void> {
    return this.listener.follow();
  }

  /** Stops: requests under way may end for a bounded time, and then their connections are cut. */
  close(): Promise<void> {
    return this.listener.close();
  }

  private async stop({ proxy, enforcer }: Listening): Promise<void> {
    proxy.server.close();
    proxy.server.closeIdleConnections();
    await enforcer.close(this.parts.drainMs ?? DRAIN_MS);
    await proxy.close();
  }

  private async listen(): Promise<Listening> {
    const { place, point, desk, hold, served, egress, onTunnel, identify, attempts, log, hash } = this.parts;
    checkPlace(place);
    const queue = new CallQueue(point, () => heldShortly(hold()), desk);
    const enforcer = new Enforcer({ point, queue, attempts, at: 'proxy', log, hash, change: changeAnswer });
    const proxy = createProxy({
      services: () => served().services,
      decide: enforcedBy({ enforcer, served, identify, attempts, at: 'proxy', log }),
      connect: egress && egressBy({ ...{ enforcer, identify, attempts, log }, served: egress, onEnd: onTunnel }),
      limits: { decideMs: DECIDE_MS },
      makeServer: (limits) => nodeServer(limits, place.certificate, undefined, ['h2', 'http/1.1']),
      onError: (error) => log.error(error, 'a request failed'),
    });
    const { server } = proxy;
    new OpenConnections(server, SHARE_OF_FILES);
    try {
      return { proxy, enforcer, url: await listenAt(server, place) };
    } catch (error) {
      await proxy.close();
      throw error;
    }
  }
}

/** Starts to listen. @returns the URL */
export async function listenAt(server: Server, { host, port, certificate }: ProxyPlace): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { address, family, port: actual } = server.address() as AddressInfo;
  const scheme = certificate === undefined ? 'http' : 'https';
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${actual}`;
}

/** @throws {ProxyInTheClearError} if credentials would travel in the clear */
export function checkPlace({ host, certificate, isBehindTls }: ProxyPlace): void {
  if (!isLoopback(host) && certificate === undefined && !isBehindTls)
    throw new ProxyInTheClearError(
      `on ${host}, the keys of the proxy's clients would travel in the clear`,
      'give --http-tls-cert and --http-tls-key, or, behind a proxy that ends TLS, --public-url https://…',
    );
}
