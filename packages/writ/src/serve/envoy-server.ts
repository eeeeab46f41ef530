import { CallQueue, Enforcer } from '@writ/enforce';
import type { Attempts } from '@writ/enforce/attempts';
import { serveEnvoy } from '@writ/enforce/envoy';
import { changeAnswer, enforcedBy } from '@writ/enforce/http/proxy';
import { type ApprovalDesk, TRANSFORMS } from '@writ/sdk/authzen';
import { inProcess } from '../decide/caller.js';
import { pointFor } from '../decide/point.js';
import { holdSettings } from '../enforce/hold-settings.js';
import { heldShortly } from '../enforce/http/held-shortly.js';
import type { Closers } from '../lib/closers.js';
import type { ServerCertificate, TlsFiles } from '../lib/server-certificate.js';
import type { ClientTokens } from '../provenance/client-tokens.js';
import { type EnvoyOptions, placeOf } from './envoy-place.js';
import { faceLog } from './face-log.js';
import { identifyBy } from './http-callers.js';
import type { Rooms } from './open-rooms.js';
import type { Serving } from './serving.js';
import type { TokenService } from './token-service.js';

interface EnvoyServerParts {
  readonly rooms: Rooms;
  readonly serving: Serving;
  readonly options: EnvoyOptions;
  readonly present: (files: TlsFiles) => ServerCertificate;
  readonly token: TokenService;
  readonly clients: ClientTokens;
  readonly desk: ApprovalDesk;
  readonly attempts: Pick<Attempts, 'add'>;
  readonly closers: Closers;
}

const DRAIN_MS = 5_000;

/** Starts the services for Envoy. @returns their address */
export async function startEnvoy(parts: EnvoyServerParts): Promise<string> {
  const { options, present, rooms, serving, token, clients, attempts, closers } = parts;
  const place = placeOf(options, present);
  const { logger } = rooms.runtime;
  const log = faceLog(logger, 'envoy');
  const point = pointFor(serving.decider, inProcess('envoy', TRANSFORMS), (...came) =>
    token.verifier.verifyToken(...came),
  );
  const hold = () => heldShortly(holdSettings(serving.active.bundle.access.gateway));
  const queue = new CallQueue(point, hold, parts.desk);
  const enforcer = new Enforcer({
    ...{ point, queue, attempts, at: 'envoy', log },
    hash: rooms.bind,
    change: changeAnswer,
  });
  const served = await serveEnvoy({
    ...{ place, log },
    services: () => serving.active.http.services,
    decide: enforcedBy({
      ...{ enforcer, attempts, at: 'envoy', log },
      served: () => serving.active.http,
      identify: identifyBy({ clients, credentials: rooms.credentials, callers: () => serving.active.callers }),
    }),
  });
  closers.add(async () => {
    await served.close(DRAIN_MS);
    // Those that are left are not known.
    await enforcer.close(0);
  });
  return served.address;
}
