import { CallQueue, Enforcer } from '@writ/enforce';
import type { Attempts } from '@writ/enforce/attempts';
import { changeAnswer, type Decide, enforcedBy } from '@writ/enforce/http/proxy';
import { type ApprovalDesk, TRANSFORMS } from '@writ/sdk/authzen';
import type { Log } from '@writ/sdk/lib/log';
import { inProcess } from '../decide/caller.js';
import { pointFor } from '../decide/point.js';
import { holdSettings } from '../enforce/hold-settings.js';
import type { ClientTokens } from '../provenance/client-tokens.js';
import type { Rooms } from './open-rooms.js';
import type { Serving } from './serving.js';
import type { TokenService } from './token-service.js';

interface DecideParts {
  readonly rooms: Rooms;
  readonly serving: Serving;
  readonly token: TokenService;
  readonly clients: ClientTokens;
  readonly desk: ApprovalDesk;
  readonly attempts: Pick<Attempts, 'add'>;
}

const MAX_DEFER_MS = 30_000;

/**
 * Makes what decides on requests over HTTP for one face of this service, and its log.
 *
 * @param face its name on the record, and among attempts
 */
export function decidesOnHttp(
  { rooms, serving, token, clients, desk, attempts }: DecideParts,
  face: 'proxy' | 'envoy',
): { readonly decide: Decide; readonly log: Log } {
  const { logger } = rooms.runtime;
  const named = { face: face === 'proxy' ? 'http' : face };
  const log: Log = {
    warn: (message) => logger.warn(named, message),
    error: (err, message) => logger.error({ ...named, err }, message),
  };
  const point = pointFor(serving.decider, inProcess(face, TRANSFORMS), (...came) =>
    token.verifier.verifyToken(...came),
  );
  const enforcer = new Enforcer({
    point,
    queue: new CallQueue(point, () => heldShortly(holdSettings(serving.active.bundle.access.gateway)), desk),
    attempts,
    at: face,
    log,
    hash: rooms.bind,
    change: changeAnswer,
  });
  const decide = enforcedBy({
    enforcer,
    served: () => serving.active.http,
    identify: (sent, connection) => clients.identify(sent, connection),
    attempts,
    at: face,
    log,
  });
  return { decide, log };
}

/** A request over HTTP is not held for a person: its denial names the request for access, and it can be sent again. */
function heldShortly(settings: ReturnType<typeof holdSettings>): ReturnType<typeof holdSettings> {
  return { ...settings, stepUp: 'reference', justify: false, deferMs: Math.min(settings.deferMs, MAX_DEFER_MS) };
}
