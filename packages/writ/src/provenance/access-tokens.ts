import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { type Clock, earliestBy, latestBy } from '../lib/clock.js';
import { sha256 } from './digest.js';
import { CredentialError, IssuerUnreachableError } from './errors.js';

/** An issuer of JWT access tokens, as the bundle declares it. */
export interface Issuer {
  /** The `aud` of this service. Never optional: a token for another audience proves nothing here. */
  readonly audience: string;
  /** The URL of its keys (RFC 7517). */
  readonly jwks: string;
  readonly algorithms: readonly string[];
  /** The `typ` header of its tokens; `at+jwt` (RFC 9068) unless the bundle declares another. */
  readonly type: string;
}

/** The subject of a verified token. */
interface TokenSubject {
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

interface Verified extends TokenSubject {
  /** Seconds since the epoch. */
  readonly until: number;
}

const CLOCK_TOLERANCE_S = 5;
/** The most by which the clock of an issuer may be ahead of ours, in seconds. */
const MAX_AHEAD_S = 60;
/** A verified token is not verified again for this time. */
const REMEMBERED_S = 60;
const MAX_REMEMBERED = 10_000;
const FETCH_TIMEOUT_MS = 3_000;

/**
 * Verifies JWT access tokens (RFC 9068) of declared issuers. The algorithms are those that the issuer is declared with; issuer,
 * audience, type, expiry and subject are all required.
 */
export class AccessTokens {
  private readonly keys = new Map<string, JWTVerifyGetKey>();
  private readonly remembered = new BoundedCache<string, Verified>(MAX_REMEMBERED);

  constructor(
    private readonly issuers: Readonly<Record<string, Issuer>>,
    private readonly clock: Clock,
    fetcher: typeof fetch = fetch,
  ) {
    for (const [name, { jwks }] of Object.entries(issuers)) {
      const options = { timeoutDuration: FETCH_TIMEOUT_MS, [customFetch]: fetcher };
      this.keys.set(name, createRemoteJWKSet(new URL(jwks), options));
    }
  }

  /**
   * @throws {CredentialError} if the token proves nothing
   * @throws {IssuerUnreachableError} if the keys of its issuer are unreachable
   */
  async verify(token: string): Promise<TokenSubject> {
    const now = new Date(latestBy(this.clock));
    const key = sha256(token);
    const known = this.remembered.get(key);
    if (known !== undefined && known.until * 1_000 > now.getTime() && this.hasBegun(known.claims)) return known;
    const verified = await this.verifyNew(token, now);
    this.remembered.set(key, verified);
    return verified;
  }

  /**
   * Verifies an assertion of a declared issuer that is for another audience and of another type than its access tokens.
   *
   * @throws {CredentialError} if it proves nothing
   * @throws {IssuerUnreachableError} if the keys of its issuer are unreachable
   */
  verifyAssertion(token: string, wanted: Pick<Issuer, 'audience' | 'type'>): Promise<TokenSubject> {
    return this.verifyNew(token, new Date(latestBy(this.clock)), wanted);
  }

  /** Returns whether a token is not of the future, also where the clock of the machine went back. */
  private hasBegun({ iat = 0, nbf = 0 }: JWTPayload): boolean {
    return Math.max(iat, nbf) <= earliestBy(this.clock) / 1_000 + MAX_AHEAD_S;
  }

  private async verifyNew(token: string, now: Date, wanted?: Pick<Issuer, 'audience' | 'type'>): Promise<Verified> {
    const name = issuerOf(token);
    const issuer = name !== undefined && Object.hasOwn(this.issuers, name) ? this.issuers[name] : undefined;
    const keys = name === undefined ? undefined : this.keys.get(name);
    if (name === undefined || issuer === undefined || keys === undefined)
      throw new CredentialError(
        'the token is not of an issuer that is known here',
        'declare it under issuers in writ.yaml',
      );
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: name,
        audience: (wanted ?? issuer).audience,
        algorithms: [...issuer.algorithms],
        typ: (wanted ?? issuer).type,
        currentDate: now,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['sub', 'exp'],
      });
      if (typeof payload.sub !== 'string' || payload.sub === '') throw new CredentialError('the token has no subject');
      if (!this.hasBegun(payload)) throw new CredentialError('the token is of the future');
      const until = Math.min(payload.exp ?? 0, now.getTime() / 1_000 + REMEMBERED_S);
      return { issuer: name, subject: payload.sub, claims: payload, until };
    } catch (error) {
      if (error instanceof CredentialError) throw error;
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) && !isFetchFailure(error)) {
        throw new CredentialError(`the token is not valid: ${error.message}`, undefined, { cause: error });
      }
      throw new IssuerUnreachableError(`the keys of ${name} cannot be had`, 'try again later', { cause: error });
    }
  }
}

/** Returns the id that a token of another issuer is revoked by: a `jti` is unique at its issuer only. */
export function foreignTokenId(issuer: string, jti: string): string {
  return `${issuer} ${jti}`;
}

/** Returns whether an error of jose means that the JWKS endpoint did not answer with a key set: its most general error. */
function isFetchFailure(error: InstanceType<typeof errors.JOSEError>): boolean {
  return error.code === 'ERR_JOSE_GENERIC' || error.code === 'ERR_JWKS_INVALID';
}

/** Reads the issuer, not verified yet, to find the keys to verify the token with. */
function issuerOf(token: string): string | undefined {
  const part = token.split('.')[1];
  if (part === undefined) return undefined;
  try {
    const claims = JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as { iss?: unknown };
    return typeof claims.iss === 'string' ? claims.iss : undefined;
  } catch {
    return undefined;
  }
}
