import type { EntityUid } from '@writ/cedar';
import { defined } from '@writ/sdk/lib/defined';
import { decodeJwt } from 'jose';
import { seconds } from '../lib/units.js';
import { type AccessTokens, foreignTokenId, type Issuer } from './access-tokens.js';
import type { Credentials } from './credentials.js';
import { CredentialError, ExchangeError, IssuerUnreachableError } from './errors.js';
import type { CredentialOrigin, Proven } from './exchange.js';
import { compileIdentity } from './identity-claims.js';
import type { JwtSvids, TrustDomain } from './jwt-svid.js';
import { TOKEN_TYPES } from './token-types.js';
import { type PathMember, scopeIn } from './transaction-token.js';

/** An issuer whose tokens can be exchanged. */
export interface ExchangeIssuer extends Issuer {
  readonly identity?: { readonly type: string; readonly id: string } | undefined;
  readonly scopes: readonly string[];
}

/** A trust domain whose workloads can exchange their JWT-SVIDs. */
interface ExchangeTrustDomain extends TrustDomain {
  /** The entity type of its workloads. */
  readonly identity: string;
  readonly scopes: readonly string[];
}

/** A credential that proved an identity. Never the secret. */
export interface ProvedCredential {
  /** Its name: that of an API key, its issuer, its trust domain. */
  readonly credential: string;
  readonly kind: 'api_key' | 'access_token' | 'jwt_svid';
  readonly identity: EntityUid;
  /** The caller that sent it here, or the gateway. */
  readonly through: string;
  /** RFC 3339; undefined if the credential does not say it. */
  readonly issued?: string;
  readonly expires?: string;
}

interface ProverParts {
  readonly credentials: Credentials;
  readonly accessTokens: () => AccessTokens;
  readonly issuers: () => Readonly<Record<string, ExchangeIssuer>>;
  readonly svids: () => JwtSvids;
  readonly trustDomains: () => Readonly<Record<string, ExchangeTrustDomain>>;
  readonly clock: () => Date;
  /** Called with each credential that proved an identity. */
  readonly onCredential: (use: ProvedCredential, now: Date) => void;
}

/** Verifies the credentials of an exchange: API keys of clients, access tokens, JWT-SVIDs. */
export class Prover {
  constructor(private readonly parts: ProverParts) {}

  /**
   * Verifies a credential, and says whom it is about and what it may be exchanged for.
   *
   * @param type its token type (RFC 8693, section 3)
   * @param name the parameter that it came in, for messages
   * @param through the caller that sent it
   * @throws {ExchangeError} when it proves nothing
   * @throws {IssuerUnreachableError} when it cannot be verified now
   */
  async prove(credential: string, type: string, name: string, through: string): Promise<Proven> {
    if (type !== TOKEN_TYPES.accessToken && type !== TOKEN_TYPES.jwt)
      throw new ExchangeError('invalid_request', `${name}_type: ${type} is not taken here`);
    const holder = this.parts.credentials.verify(credential);
    if (holder?.kind === 'client') {
      const { name: key, agent, originator, scopes: scope } = holder;
      this.notify({ credential: key, kind: 'api_key', identity: agent, through });
      const path = [asserted(originator), asserted(agent)] as const;
      return { path, scope, stated: [] };
    }
    try {
      // A JWT-SVID is known by its subject; it need not say who issued it.
      return type === TOKEN_TYPES.jwt && isOfSpiffe(credential)
        ? await this.workload(credential, through)
        : await this.accessToken(credential, through);
    } catch (error) {
      if (error instanceof IssuerUnreachableError || !(error instanceof CredentialError)) throw error;
      throw new ExchangeError('invalid_grant', `${name}: ${error.message}`, { cause: error });
    }
  }

  private async accessToken(credential: string, through: string): Promise<Proven> {
    const { issuer, claims } = await this.parts.accessTokens().verify(credential);
    const declared = this.parts.issuers()[issuer];
    if (declared?.identity === undefined)
      throw new CredentialError(`writ.yaml does not say whom the tokens of ${issuer} are about`);
    const uid = compileIdentity(declared.identity)(claims);
    this.notify({ credential: issuer, kind: 'access_token', identity: uid, through, ...timesOf(claims) });
    const stated = typeof claims.scope === 'string' ? scopeIn(claims.scope) : undefined;
    return {
      path: [{ uid, assurance: 2 }],
      scope: stated ?? declared.scopes,
      stated: stated ?? [],
      origin: originOf(issuer, claims),
    };
  }

  private async workload(credential: string, through: string): Promise<Proven> {
    const { spiffeId, trustDomain } = await this.parts.svids().verify(credential);
    const { identity, scopes: scope } = this.parts.trustDomains()[trustDomain] as ExchangeTrustDomain;
    const uid = { type: identity, id: spiffeId };
    const claims = decodeJwt(credential);
    this.notify({ credential: trustDomain, kind: 'jwt_svid', identity: uid, through, ...timesOf(claims) });
    // An SVID is issued when its workload was attested.
    const { iat } = claims;
    const origin = iat === undefined ? undefined : { provedAt: seconds(iat) };
    return { path: [{ uid, assurance: 2 }], scope, stated: [], origin };
  }

  private notify(use: ProvedCredential): void {
    this.parts.onCredential(use, this.parts.clock());
  }
}

function asserted(uid: EntityUid): PathMember {
  return { uid, assurance: 1 };
}

/** Returns an access token's id and its sign-in (RFC 9068, section 2.2; OpenID Connect `sid`). */
export function originOf(issuer: string, claims: Readonly<Record<string, unknown>>): CredentialOrigin {
  const { jti, sid, auth_time: authTime, iat } = claims;
  const provedAt = typeof authTime === 'number' ? authTime : iat;
  return defined({
    id: typeof jti === 'string' ? foreignTokenId(issuer, jti) : undefined,
    session: typeof sid === 'string' ? sid : undefined,
    provedAt: typeof provedAt === 'number' ? seconds(provedAt) : undefined,
  });
}

/** Returns from when to when a credential counts, by its claims. */
export function timesOf({ iat, exp }: Readonly<Record<string, unknown>>): Pick<ProvedCredential, 'issued' | 'expires'> {
  const timeIn = (claim: unknown) => (typeof claim === 'number' ? new Date(claim * 1_000).toISOString() : undefined);
  return defined({ issued: timeIn(iat), expires: timeIn(exp) });
}

/** Returns whether a token claims a workload of SPIFFE as its subject. The claim is not verified yet. */
function isOfSpiffe(token: string): boolean {
  try {
    return decodeJwt(token).sub?.startsWith('spiffe://') === true;
  } catch {
    return false;
  }
}
