import { CallQueue, Enforcer } from '@writ/enforce';
import type { Attempts } from '@writ/enforce/attempts';
import { serveEnvoy } from '@writ/enforce/envoy';
import { changeAnswer, enforcedBy } from '@writ/enforce/http/proxy';
import { type ApprovalDesk, TRANSFORMS } from '@writ/sdk/authzen';
import type { Log } from '@writ/sdk/lib/log';
import { inProcess } from '../decide/caller.js';
import { pointFor } from '../decide/point.js';
import { holdSettings } from '../enforce/hold-settings.js';
import { heldShortly } from '../enforce/http/held-shortly.js';
import type { Closers } from '../lib/closers.js';
import type { ServerCertificate, TlsFiles } from '../lib/server-certificate.js';
import type { ClientTokens } from '../provenance/client-tokens.js';
import { type EnvoyOptions, placeOf } from './envoy-place.js';
import { identifyBy } from './http-callers.js';
import type { Rooms } from './open-rooms.js';
import type { Serving } from './serving.js';
import type { TokenService } from './token-service.js';

interface EnvoyServerParts {
  readonly rooms: Rooms;
  readonly serving: Serving;
  readonly options: EnvoyOptions | undefined;
  readonly present: (files: TlsFiles) => ServerCertificate;
  readonly token: TokenService;
  readonly clients: ClientTokens;
  readonly desk: ApprovalDesk;
  readonly attempts: Pick<Attempts, 'add'>;
  readonly closers: Closers;
}

const DRAIN_MS = 5_000;

/** Starts the services for Envoy. @returns their address; undefined if they are not asked for */
export async function startEnvoy(parts: EnvoyServerParts): Promise<string | undefined> {
  const { options, present, rooms, serving, token, clients, attempts, closers } = parts;
  if (options === undefined) return undefined;
  const place = placeOf(options, present);
  const { logger } = rooms.runtime;
  const log: Log = {
    warn: (message) => logger.warn({ face: 'envoy' }, message),
    error: (err, message) => logger.error({ face: 'envoy', err }, message),
  };
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
