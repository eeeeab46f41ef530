import type { Attempts } from '@writ/enforce/attempts';
import { serveEnvoy } from '@writ/enforce/envoy';
import type { ApprovalDesk } from '@writ/sdk/authzen';
import type { Closers } from '../lib/closers.js';
import type { ServerCertificate, TlsFiles } from '../lib/server-certificate.js';
import type { ClientTokens } from '../provenance/client-tokens.js';
import { type EnvoyOptions, placeOf } from './envoy-place.js';
import { decidesOnHttp } from './http-decide.js';
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

/** Starts the services for Envoy. @returns their address; undefined if they are not asked for */
export async function startEnvoy(parts: EnvoyServerParts): Promise<string | undefined> {
  const { options, present, serving, closers } = parts;
  if (options === undefined) return undefined;
  const { log, decide } = decidesOnHttp(parts, 'envoy');
  const served = await serveEnvoy({
    place: placeOf(options, present),
    services: () => serving.active.http.services,
    decide,
    log,
  });
  closers.add(() => served.close());
  return served.address;
}
