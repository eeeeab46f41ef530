import type { Server } from 'node:http';
import { CallQueue, Enforcer } from '@writ/enforce';
import { createCheck, type Front } from '@writ/enforce/http/check';
import { enforcedBy } from '@writ/enforce/http/proxy';
import { nodeServer } from '../../lib/node-server.js';
import { OpenConnections } from '../../lib/open-connections.js';
import { refuseConnect } from '../../lib/refuse-connect.js';
import { FollowedListener } from './followed-listener.js';
import { heldShortly } from './held-shortly.js';
import { checkPlace, DECIDE_MS, DRAIN_MS, type HttpFaceParts, listenAt, SHARE_OF_FILES } from './http-face.js';

interface CheckFaceParts extends HttpFaceParts {
  /** The fronts of the bundle that is served now, by name. */
  readonly fronts: () => ReadonlyMap<string, Front>;
  /** Returns the name of the front whose key a proof is; undefined if it proves no front. */
  readonly proved: (proof: string) => string | undefined;
}

interface Listening {
  readonly server: Server;
  readonly enforcer: Enforcer;
  readonly url: string;
}

/** The endpoint at which proxies of others ask about requests. It listens as long as the bundle has fronts. */
export class CheckFace {
  private readonly listener = new FollowedListener<Listening>({
    isNeeded: () => this.parts.fronts().size > 0,
    listen: () => this.listen(),
    stop: (listening) => this.stop(listening),
  });

  constructor(private readonly parts: CheckFaceParts) {}

  /** Undefined while it does not listen. */
  get url(): string | undefined {
    return this.listener.url;
  }

  /**
   * Listens if the bundle has fronts, and stops if it has none.
   *
   * @throws {ProxyInTheClearError} if credentials would travel in the clear; {@link Error} if the port cannot be had
   */
  follow(): Promise<void> {
    return this.listener.follow();
  }

  /** Stops: a front that asks then has no answer, and forwards nothing. */
  close(): Promise<void> {
    return this.listener.close();
  }

  private async stop({ server, enforcer }: Listening): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    await enforcer.close(this.parts.drainMs ?? DRAIN_MS);
    server.closeAllConnections();
    await closed;
  }

  private async listen(): Promise<Listening> {
    const { place, point, desk, hold, served, identify, attempts, log, hash, fronts, proved } = this.parts;
    checkPlace(place);
    const queue = new CallQueue(point, () => heldShortly(hold()), desk);
    const enforcer = new Enforcer({ point, queue, attempts, at: 'check', log, hash });
    const server = createCheck({
      services: () => served().services,
      frontOf: (proof, socket) => {
        const name = proved(proof);
        const front = name === undefined ? undefined : fronts().get(name);
        if (front !== undefined) connections.prove(socket);
        return front;
      },
      decide: enforcedBy({ enforcer, served, identify, attempts, at: 'check', log }),
      onStranger: (from) => attempts.add({ at: 'check', operation: 'check', reason: 'unauthenticated', from }),
      limits: { decideMs: DECIDE_MS },
      makeServer: (limits) => nodeServer(limits, place.certificate),
      onError: (error) => log.error(error, 'a check failed'),
    });
    const connections = new OpenConnections(server, SHARE_OF_FILES);
    refuseConnect(server);
    return { server, enforcer, url: await listenAt(server, place) };
  }
}
