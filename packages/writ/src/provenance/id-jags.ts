import type { EntityUid } from '@writ/cedar';
import { seconds } from '../lib/units.js';
import type { AccessTokens } from './access-tokens.js';
import { sha256 } from './digest.js';
import type { DpopProofs } from './dpop.js';
import { CredentialError, ExchangeError, IssuerUnreachableError } from './errors.js';
import type { Proven } from './exchange.js';
import { ID_JAG_TYPE, idJagIn } from './id-jag.js';
import { compileIdentity, type IdentityMapping } from './identity-claims.js';
import { type ExchangeIssuer, originOf, type ProvedCredential, timesOf } from './prove.js';
import { CLOCK_SKEW_S } from './token-times.js';
import type { UsedProof } from './used-proof.js';

/** An issuer whose ID-JAGs can be exchanged, if it has `idJag`. */
interface IdJagIssuer extends ExchangeIssuer {
  readonly idJag?: { readonly agent: IdentityMapping } | undefined;
}

interface IdJagsParts {
  readonly accessTokens: () => Pick<AccessTokens, 'verifyAssertion'>;
  readonly issuers: () => Readonly<Record<string, IdJagIssuer>>;
  /** Returns our name as an issuer, and the names of what is behind us; undefined if there is no token service. */
  readonly target: () => { readonly issuer: string; readonly resources: readonly string[] } | undefined;
  /** Each ID-JAG counts once. */
  readonly once: Pick<DpopProofs, 'takeOnce'>;
  readonly clock: () => Date;
  readonly onCredential: (use: ProvedCredential, now: Date) => void;
}

/** A user and an agent that an ID-JAG is about. */
export interface ProvenByIdJag extends Proven {
  readonly path: readonly [user: Proven['path'][0], agent: Proven['path'][0]];
  readonly used: UsedProof;
}

/**
 * Verifies Identity Assertion JWT Authorization Grants (draft-ietf-oauth-identity-assertion-authz-grant): an identity provider says
 * that a client may act here for a user.
 */
export class IdJags {
  constructor(private readonly parts: IdJagsParts) {}

  /**
   * Verifies an ID-JAG, and uses it.
   *
   * @param client the caller that sent it, by the name that it proved
   * @param provedKey the thumbprint of the key that it proved to have
   * @throws {ExchangeError} if it proves nothing here, or was used before
   * @throws {IssuerUnreachableError} if it cannot be verified now
   */
  async prove(assertion: string, client: string, provedKey: string | undefined): Promise<ProvenByIdJag> {
    try {
      return await this.verified(assertion, client, provedKey);
    } catch (error) {
      if (error instanceof IssuerUnreachableError || !(error instanceof CredentialError)) throw error;
      throw new ExchangeError('invalid_grant', `subject_token: ${error.message}`, { cause: error });
    }
  }

  private async verified(assertion: string, client: string, provedKey: string | undefined): Promise<ProvenByIdJag> {
    const { accessTokens, issuers, target: targetNow, once, clock, onCredential } = this.parts;
    const target = targetNow();
    if (target === undefined) throw new CredentialError('there is no token service here');
    const wanted = { type: ID_JAG_TYPE, audience: target.issuer };
    const { issuer, claims } = await accessTokens().verifyAssertion(assertion, wanted);
    const { identity, idJag, scopes = [] } = issuers()[issuer] ?? {};
    if (identity === undefined || idJag === undefined)
      throw new CredentialError(
        `writ.yaml does not say whom the ID-JAGs of ${issuer} are about: \`identity\`, \`idJag\``,
      );
    const { jti, expires, scope, details } = idJagIn(claims, { client, resources: target.resources, provedKey });
    const user: EntityUid = compileIdentity(identity)(claims);
    const agent: EntityUid = compileIdentity(idJag.agent)(claims);
    // Last: one that is refused for another reason is not used up.
    const used = once.takeOnce(sha256(`${ID_JAG_TYPE} ${issuer} ${jti}`), seconds(expires + 2 * CLOCK_SKEW_S));
    if (used === undefined) throw new CredentialError('the ID-JAG was used before, or too many others still count');
    onCredential(
      { credential: issuer, kind: 'access_token', identity: user, through: client, ...timesOf(claims) },
      clock(),
    );
    return {
      // The user is proved by the issuer, the agent by the caller's word that it is this client.
      path: [
        { uid: user, assurance: 2 },
        { uid: agent, assurance: 1 },
      ],
      scope: scope ?? scopes,
      stated: scope ?? [],
      origin: originOf(issuer, claims),
      details,
      used,
    };
  }
}
