import { CallQueue, Enforcer } from '@writ/enforce';
import { createCheck, type Front, frontOf } from '@writ/enforce/http/check';
import { enforcedBy } from '@writ/enforce/http/proxy';
import type { ServedBundle } from '../bundle/bundle.js';
import { inProcess } from '../decide/caller.js';
import { pointFor } from '../decide/point.js';
import { holdSettings } from '../enforce/hold-settings.js';
import { nodeServer } from '../lib/node-server.js';
import { OpenConnections } from '../lib/open-connections.js';
import { refuseConnect } from '../lib/refuse-connect.js';
import {
  assertNotInTheClear,
  DECIDE_MS,
  type HttpServerParts,
  heldShortly,
  listenAt,
  logOf,
  SHARE_OF_FILES,
} from './http-server.js';

/** Starts the endpoint at which proxies of others ask about requests. @returns its URL; undefined if the bundle has no fronts */
export async function startCheck(parts: HttpServerParts): Promise<string | undefined> {
  const { rooms, serving, place, token, clients, attempts, closers } = parts;
  if (Object.keys(serving.active.bundle.settings.http.fronts).length === 0) return undefined;
  assertNotInTheClear(place);
  const log = logOf(rooms);
  // It carries out no obligation: the front forwards a request as it is, and its answer never comes by here.
  const point = pointFor(serving.decider, inProcess('check', []), (...came) => token.verifier.verifyToken(...came));
  const enforcer = new Enforcer({
    point,
    queue: new CallQueue(point, () => heldShortly(holdSettings(serving.active.bundle.access.gateway)), parts.desk),
    attempts,
    at: 'check',
    log,
    hash: rooms.bind,
  });
  const fronts = frontsIn(() => serving.active.bundle);
  const server = createCheck({
    services: () => serving.active.http.services,
    frontOf: (proof, socket) => {
      const holder = rooms.credentials.verify(proof);
      if (holder?.kind !== 'front') return undefined;
      connections.prove(socket);
      return fronts(holder.name);
    },
    decide: enforcedBy({
      enforcer,
      served: () => serving.active.http,
      identify: (sent, connection) => clients.identify(sent, connection),
      attempts,
      at: 'check',
      log,
    }),
    onStranger: (from) => attempts.add({ at: 'check', operation: 'check', reason: 'unauthenticated', from }),
    limits: { decideMs: DECIDE_MS },
    makeServer: (limits) => nodeServer(limits, place.certificate),
    onError: (error) => log.error(error, 'a check failed'),
  });
  const connections = new OpenConnections(server, SHARE_OF_FILES);
  refuseConnect(server);
  closers.add(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return listenAt(server, place);
}

/** Returns what finds a front of the bundle that is served now. */
function frontsIn(served: () => ServedBundle): (name: string) => Front | undefined {
  let of: ServedBundle | undefined;
  let made = new Map<string, Front>();
  return (name) => {
    const bundle = served();
    if (bundle !== of) {
      made = new Map(
        Object.entries(bundle.settings.http.fronts).map(([one, settings]) => [one, frontOf(one, settings)]),
      );
      of = bundle;
    }
    return made.get(name);
  };
}
