import type { Attempts } from '@writ/enforce/attempts';
import { type ApprovalDesk, TRANSFORMS } from '@writ/sdk/authzen';
import { inProcess } from '../decide/caller.js';
import { pointFor } from '../decide/point.js';
import { holdSettings } from '../enforce/hold-settings.js';
import { HttpFace, type ProxyPlace } from '../enforce/http/http-face.js';
import type { Closers } from '../lib/closers.js';
import type { ClientTokens } from '../provenance/client-tokens.js';
import { faceLog } from './face-log.js';
import { followBundle } from './follow-bundle.js';
import { identifyBy } from './http-callers.js';
import type { Rooms } from './open-rooms.js';
import type { Serving } from './serving.js';
import type { TokenService } from './token-service.js';

export interface HttpServerParts {
  readonly rooms: Rooms;
  readonly serving: Serving;
  readonly place: ProxyPlace;
  readonly token: TokenService;
  readonly clients: ClientTokens;
  readonly desk: ApprovalDesk;
  readonly attempts: Pick<Attempts, 'add'>;
  readonly closers: Closers;
}

/** Starts the proxy in front of the services of the bundle: now, or with the first bundle that has one. */
export async function startHttp(parts: HttpServerParts): Promise<Pick<HttpFace, 'url'>> {
  const { rooms, serving, place, token, clients, attempts, closers } = parts;
  const { logger } = rooms.runtime;
  const log = faceLog(logger, 'http');
  const point = pointFor(serving.decider, { ...inProcess('proxy', TRANSFORMS), isObserved: true }, (...came) =>
    token.verifier.verifyToken(...came),
  );
  const face = new HttpFace({
    ...{ place, point, attempts, log },
    desk: parts.desk,
    hold: () => holdSettings(serving.active.bundle.access.gateway),
    served: () => serving.active.http,
    egress: () => serving.active.egress,
    onTunnel: (end) => logger.info({ face: 'http', ...end }, 'a tunnel ended'),
    identify: identifyBy({ clients, credentials: rooms.credentials, callers: () => serving.active.callers }),
    hash: rooms.bind,
  });
  closers.add(() => face.close());
  const failure = 'the proxy does not listen, although the bundle has services';
  await followBundle(face, { serving, logger, log, face: 'http', failure });
  return face;
}
