import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { foreignTokenId } from '../../provenance/access-tokens.js';
import { registeredName } from '../../provenance/certificates.js';
import type { Credentials } from '../../provenance/credentials.js';
import { CredentialError, IssuerUnreachableError } from '../../provenance/errors.js';
import type { AuthenticatedCaller, Callers } from './callers.js';
import { Problem } from './problem.js';
import type { Route } from './route.js';

/** `Bearer` token of the form of a JWS in compact serialisation (RFC 7515, section 3.1). */
const JWT = /^bearer\s+([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;
const MAX_CREDENTIAL = 8_192;

/**
 * Returns the caller that sent a request. An `Authorization` header decides alone: a certificate does not repair an invalid
 * one. A promise is returned only where the keys of an issuer may have to be fetched.
 *
 * @throws {Problem} 401 for a credential that proves nothing, 503 if it cannot be verified now
 */
export function authenticate(
  request: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'socket'>,
  callers: Callers,
  credentials: Credentials,
): AuthenticatedCaller | Promise<AuthenticatedCaller> {
  const { authorization } = request.headers;
  if (authorization === undefined) return byCertificate(request, callers) ?? callers.anonymous;
  // Node keeps the first of two headers; a proxy may have checked the other (CVE-2026-31838).
  if (isSentTwice(request.rawHeaders)) throw unauthorized('the header Authorization is sent once');
  const holder = credentials.verifyOn(request.socket, authorization);
  if (holder !== undefined) {
    if (holder.kind === 'added') return callers.added(holder);
    const caller = holder.kind === 'caller' ? callers.withKey(holder.name) : undefined;
    if (caller === undefined) throw unauthorized('this is the key of a client of the gateway, not of a caller');
    return caller;
  }
  const token = authorization.length > MAX_CREDENTIAL ? undefined : JWT.exec(authorization.trim())?.[1];
  if (token === undefined) throw unauthorized('send the key of a caller, or an access token, as bearer token');
  return byToken(token, callers);
}

/** Returns whether a request has two headers Authorization. */
export function isSentTwice(rawHeaders: readonly string[]): boolean {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 13 && name.toLowerCase() === 'authorization') count += 1;
  }
  return count > 1;
}

async function byToken(token: string, callers: Callers): Promise<AuthenticatedCaller> {
  try {
    const { issuer, subject, claims } = await callers.tokens.verify(token);
    if (typeof claims.jti === 'string' && callers.isRevoked(foreignTokenId(issuer, claims.jti)))
      throw unauthorized('the token is revoked');
    const caller = callers.withToken(issuer, subject);
    if (caller === undefined) throw unauthorized(`no caller is declared with the token of ${JSON.stringify(subject)}`);
    return caller;
  } catch (error) {
    if (error instanceof CredentialError) throw unauthorized(error.message);
    if (error instanceof IssuerUnreachableError) throw new Problem(503, error.message, {}, 5);
    throw error;
  }
}

const byConnection = new WeakMap<TLSSocket, string | undefined>();

function byCertificate({ socket }: Pick<IncomingMessage, 'socket'>, callers: Callers): AuthenticatedCaller | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  let names = byConnection.get(socket);
  if (!byConnection.has(socket)) {
    names = socket.getPeerX509Certificate()?.subjectAltName;
    byConnection.set(socket, names);
  }
  const name = registeredName(names, callers.certificates);
  return name === undefined ? undefined : callers.withCertificate(name);
}

/** Returns the problem of a caller that must prove itself (RFC 6750, section 3). */
function unauthorized(detail: string): Problem {
  return new Problem(401, detail);
}

/** @throws {Problem} 401 or 403 when a caller may not use a route at all */
export function mayUse(access: Route['access'], caller: AuthenticatedCaller): void {
  const isRefused = access.kind === 'area' ? !caller.mayUse(access.how, access.area) : caller.isAnonymous;
  if (!isRefused) return;
  if (caller.isAnonymous) throw unauthorized('send the key of a caller, or an access token, as bearer token');
  if (access.kind === 'area') throw new Problem(403, `${caller.enforcementPoint} may not ${access.how} ${access.area}`);
}
