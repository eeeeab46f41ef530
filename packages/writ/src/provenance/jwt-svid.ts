import { isObject } from '@writ/sdk/lib/is-object';
import { type CryptoKey, compactVerify, errors, importJWK, type JWK, type JWTPayload } from 'jose';
import { type Clock, earliestBy, latestBy } from '../lib/clock.js';
import { CredentialError, IssuerUnreachableError } from './errors.js';
import { CLOCK_SKEW_S } from './token-times.js';

/** A SPIFFE trust domain, as the bundle declares it. */
export interface TrustDomain {
  /** The URL of its SPIFFE bundle: a JWK set in which keys for JWT-SVIDs have `use: "jwt-svid"`. */
  readonly bundle: string;
  /** The `aud` of this service. */
  readonly audience: string;
}

interface WorkloadIdentity {
  /** The SPIFFE ID, byte for byte. */
  readonly spiffeId: string;
  readonly trustDomain: string;
}

/** The algorithms of SPIFFE JWT-SVID, section 2.1: no EdDSA. */
const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
/** SPIFFE ID, section 2: a lower-case trust domain, and a path without empty, `.` or `..` segments. */
const SPIFFE_ID = /^spiffe:\/\/([a-z0-9._-]+)((?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+)$/;
const MAX_ID = 2_048;
const FETCH_TIMEOUT_MS = 3_000;
/** A bundle is fetched again after the first time, and no longer used after the second. */
const [FRESH_MS, USABLE_MS] = [5 * 60_000, 60 * 60_000];
/** An unknown key can be a new one, but made-up ids must not cause a fetch each time. */
const COOLDOWN_MS = 10_000;

interface Cached {
  readonly keys: readonly JWK[];
  readonly at: number;
}

/** Verifies JWT-SVIDs of declared trust domains. The `sub` of the token chooses the bundle, never its issuer. */
export class JwtSvids {
  private readonly cached = new Map<string, Cached>();

  constructor(
    private readonly domains: Readonly<Record<string, TrustDomain>>,
    private readonly clock: Clock,
    private readonly fetcher: typeof fetch = fetch,
  ) {}

  /**
   * @throws {CredentialError} if it proves nothing
   * @throws {IssuerUnreachableError} if the keys of its trust domain are unreachable
   */
  async verify(token: string): Promise<WorkloadIdentity> {
    const { header, claims } = unverified(token);
    const [, trustDomain = ''] =
      (typeof claims.sub === 'string' && claims.sub.length <= MAX_ID && SPIFFE_ID.exec(claims.sub)) || [];
    const domain = Object.hasOwn(this.domains, trustDomain) ? this.domains[trustDomain] : undefined;
    if (domain === undefined) throw new CredentialError('the token is not of a trust domain that is known here');
    const { alg, kid, typ, ...more } = header;
    if (typeof alg !== 'string' || !ALGORITHMS.includes(alg))
      throw new CredentialError(`JWT-SVIDs are not signed with ${String(alg)}`);
    if (typ !== undefined && typ !== 'JWT' && typ !== 'JOSE')
      throw new CredentialError(`a JWT-SVID is no ${String(typ)}`);
    if (Object.keys(more).length > 0)
      throw new CredentialError(`a JWT-SVID has no header ${Object.keys(more).join(', ')}`);
    const key = await this.key(trustDomain, domain, kid, alg);
    try {
      await compactVerify(token, key, { algorithms: [alg] });
    } catch (error) {
      if (error instanceof errors.JOSEError)
        throw new CredentialError('the signature of the token is not right', undefined, { cause: error });
      throw error;
    }
    this.check(claims, domain);
    return { spiffeId: claims.sub as string, trustDomain };
  }

  private check({ aud, exp, iat, nbf }: JWTPayload, { audience }: TrustDomain): void {
    const audiences = Array.isArray(aud) ? aud : [aud];
    if (!audiences.includes(audience)) throw new CredentialError(`the token is not for ${audience}`);
    if (typeof exp !== 'number' || exp * 1_000 <= latestBy(this.clock))
      throw new CredentialError('the token has expired');
    if (!(Math.max(iat ?? 0, nbf ?? 0) <= earliestBy(this.clock) / 1_000 + CLOCK_SKEW_S))
      throw new CredentialError('the token is of the future');
  }

  private async key(name: string, domain: TrustDomain, kid: unknown, alg: string): Promise<CryptoKey> {
    if (typeof kid !== 'string' || kid === '') throw new CredentialError('the token does not say which key signed it');
    const find = ({ keys }: Cached) => keys.find((jwk) => jwk.kid === kid && jwk.use === 'jwt-svid');
    const now = this.clock().getTime();
    let cached = this.cached.get(name);
    const isFresh = cached !== undefined && now - cached.at < FRESH_MS;
    if (cached === undefined || !isFresh || (find(cached) === undefined && now - cached.at > COOLDOWN_MS)) {
      cached = await this.fetch(name, domain, cached);
    }
    const jwk = find(cached);
    if (jwk === undefined) throw new CredentialError(`the trust domain ${name} has no key ${kid} for JWT-SVIDs`);
    try {
      return (await importJWK({ ...jwk, alg }, alg)) as CryptoKey;
    } catch (cause) {
      throw new CredentialError(`the key ${kid} is not one for ${alg}`, undefined, { cause });
    }
  }

  private async fetch(name: string, { bundle }: TrustDomain, before: Cached | undefined): Promise<Cached> {
    const now = this.clock().getTime();
    try {
      const response = await this.fetcher(bundle, { redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
      const { keys } = (await response.json()) as { keys?: unknown };
      if (!response.ok || !Array.isArray(keys)) throw new Error(`status ${response.status}`);
      const cached = { keys: keys as JWK[], at: now };
      this.cached.set(name, cached);
      return cached;
    } catch (cause) {
      // A bundle that was fetched recently remains in use.
      if (before !== undefined && now - before.at < USABLE_MS) return before;
      throw new IssuerUnreachableError(`the bundle of the trust domain ${name} cannot be had`, 'try again later', {
        cause,
      });
    }
  }
}

/** Reads header and claims, not verified yet, to find the keys to verify the token with. */
function unverified(token: string): { header: Record<string, unknown>; claims: JWTPayload } {
  const [header = '', claims = '', , ...more] = token.split('.');
  try {
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    const parts = { header: read(header), claims: read(claims) } as {
      header: Record<string, unknown>;
      claims: JWTPayload;
    };
    if (more.length > 0 || !isObject(parts.header) || !isObject(parts.claims)) throw new TypeError();
    return parts;
  } catch {
    throw new CredentialError('this is not a token');
  }
}
