import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { type EntityUid, uidText } from '@writ/cedar';
import { namedBy } from '@writ/enforce';
import type { Asking, Identified } from '@writ/enforce/http/proxy';
import { decodeJwt } from 'jose';
import { authenticate } from '../api/http/authenticate.js';
import type { AuthenticatedCaller, Callers, IdentityHeaders } from '../api/http/callers.js';
import { Problem } from '../api/http/problem.js';
import type { ClientTokens } from '../provenance/client-tokens.js';
import type { Credentials } from '../provenance/credentials.js';

interface IdentifyParts {
  readonly clients: ClientTokens;
  readonly credentials: Credentials;
  readonly callers: () => Callers;
}

const JWT = /^bearer\s+([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;
/** Visible ASCII and single spaces; a comma is the place at which a proxy joins two headers. */
const ID = /^(?! )(?!.* {2})[!-+\--~ ]{1,512}(?<! )$/;

/**
 * Returns what identifies those who ask at the proxy for HTTP, or by a front: the clients of the gateway, the subjects of issuers, and the callers of
 * the service, which prove themselves as they do there. A caller without an identity of its own is a hop: the identity that it names
 * counts as far as `service/` permits.
 */
export function identifyBy({
  clients,
  credentials,
  callers,
}: IdentifyParts): (asking: Asking) => Promise<Identified | undefined> {
  return async (asking) => {
    const { authorization } = asking.headers;
    if (authorization !== undefined) {
      const kind = credentials.verifyOn(asking.connection, authorization)?.kind;
      const isOfClient = kind === 'client' || (kind === undefined && !isOfCaller(authorization, callers()));
      if (isOfClient) return clients.identify(authorization, asking.connection);
    }
    const caller = await callerOf(asking, callers(), credentials);
    if (caller === undefined) return undefined;
    const client = clientOf(caller, asking.headers);
    if (client === undefined) return undefined;
    return { client, txnToken: undefined, barredFrom: barredFrom(caller) };
  };
}

/** Returns whether a bearer token says that it is that of a caller. It is verified as such then, and as nothing else. */
function isOfCaller(authorization: string, callers: Callers): boolean {
  const jwt = JWT.exec(authorization)?.[1];
  if (jwt === undefined) return false;
  try {
    const { iss, sub } = decodeJwt(jwt);
    return iss !== undefined && sub !== undefined && callers.withToken(iss, sub) !== undefined;
  } catch {
    return false;
  }
}

async function callerOf(
  { headers, connection }: Asking,
  callers: Callers,
  credentials: Credentials,
): Promise<AuthenticatedCaller | undefined> {
  try {
    // A request that has the header twice was refused before.
    return await authenticate({ headers, rawHeaders: [], socket: connection as Socket }, callers, credentials);
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return undefined;
    throw error;
  }
}

function clientOf(caller: AuthenticatedCaller, headers: IncomingHttpHeaders): Identified['client'] | undefined {
  const { enforcementPoint: name, identity, isAnonymous } = caller;
  if (isAnonymous) return undefined;
  if (identity !== undefined) return actingAs(identity, `caller:${name}`);
  const said = saidBy(caller, headers);
  if (said === 'unclear') return undefined;
  const given = [said.for, said.agent].filter((uid) => uid !== undefined).map(uidText);
  if (given.length > 0) return actingAs(said, JSON.stringify([`caller:${name}`, ...given]));
  const token = headers['txn-token'];
  return typeof token === 'string' ? namedBy(token, `caller:${name}`) : undefined;
}

function actingAs(
  { agent, for: originator }: Readonly<Record<'agent' | 'for', EntityUid | undefined>>,
  task: string,
): Identified['client'] | undefined {
  if (originator !== undefined) return { originator, agent, task };
  return agent === undefined ? undefined : { originator: agent, agent: undefined, task };
}

/** Returns the identities that a hop names; `unclear` if it may not name one, or a header of one has two readings. */
function saidBy(
  { identityHeaders, mayIdentify }: AuthenticatedCaller,
  headers: IncomingHttpHeaders,
): Readonly<Record<'agent' | 'for', EntityUid | undefined>> | 'unclear' {
  const said: Record<'agent' | 'for', EntityUid | undefined> = { agent: undefined, for: undefined };
  const nominated = (headers.connection ?? '').toLowerCase().split(/[\s,]+/);
  for (const part of ['for', 'agent'] as const) {
    const header: IdentityHeaders[typeof part] = identityHeaders[part];
    if (header === undefined) continue;
    const name = header.name.toLowerCase();
    // A header that is there twice is joined by a comma.
    const id = headers[name];
    if (nominated.includes(name)) return 'unclear';
    if (id === undefined) continue;
    // Without the agent that it names, the request would be that of the person alone.
    if (!mayIdentify(header.type) || typeof id !== 'string' || !ID.test(id)) return 'unclear';
    said[part] = { type: header.type, id };
  }
  return said;
}

/** Returns what says why a caller may not ask, by the policies of the service. */
function barredFrom({ rights, enforcementPoint: name }: AuthenticatedCaller): Identified['barredFrom'] {
  return ({ action, subject, resource }) =>
    rights.ask('evaluate', action.name, subject.type, resource.type)
      ? undefined
      : `the caller ${name} may not ask about ${action.name}: a policy in service/ of the bundle has to permit it`;
}
