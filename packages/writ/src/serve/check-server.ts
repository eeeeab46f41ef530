import { type Front, frontOf } from '@writ/enforce/http/check';
import type { ServedBundle } from '../bundle/bundle.js';
import { inProcess } from '../decide/caller.js';
import { pointFor } from '../decide/point.js';
import { holdSettings } from '../enforce/hold-settings.js';
import { CheckFace } from '../enforce/http/check-face.js';
import { faceLog } from './face-log.js';
import { followBundle } from './follow-bundle.js';
import { identifyBy } from './http-callers.js';
import type { HttpServerParts } from './http-server.js';

/** Starts the endpoint at which proxies of others ask about requests: now, or with the first bundle that has a front. */
export async function startCheck(parts: HttpServerParts): Promise<Pick<CheckFace, 'url'>> {
  const { rooms, serving, place, token, clients, attempts, closers } = parts;
  const { logger } = rooms.runtime;
  const log = faceLog(logger, 'check');
  // It carries out no obligation: the front forwards a request as it is, and its answer never comes by here.
  const point = pointFor(serving.decider, inProcess('check', []), (...came) => token.verifier.verifyToken(...came));
  const face = new CheckFace({
    ...{ place, point, attempts, log },
    desk: parts.desk,
    hold: () => holdSettings(serving.active.bundle.access.gateway),
    served: () => serving.active.http,
    // A connection of a front proves nothing here, so that its certificate is not that of its client.
    identify: identifyBy({ clients, credentials: rooms.credentials, callers: () => serving.active.callers }),
    hash: rooms.bind,
    fronts: frontsIn(() => serving.active.bundle),
    proved: (proof) => {
      const holder = rooms.credentials.verify(proof);
      return holder?.kind === 'front' ? holder.name : undefined;
    },
  });
  closers.add(() => face.close());
  const failure = 'the check endpoint does not listen, although the bundle has fronts';
  await followBundle(face, { serving, logger, log, face: 'check', failure });
  return face;
}

/** Returns what has the fronts of the bundle that is served now. */
function frontsIn(served: () => ServedBundle): () => ReadonlyMap<string, Front> {
  let of: ServedBundle | undefined;
  let made = new Map<string, Front>();
  return () => {
    const bundle = served();
    if (bundle !== of) {
      made = new Map(
        Object.entries(bundle.settings.http.fronts).map(([name, settings]) => [name, frontOf(name, settings)]),
      );
      of = bundle;
    }
    return made;
  };
}
