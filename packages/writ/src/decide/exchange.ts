import { type EntityUid, sameUid, uidText } from '@writ/cedar';
import { decodeJwt } from 'jose';
import type { AccessTokens, Issuer } from '../provenance/access-tokens.js';
import type { Credentials } from '../provenance/credentials.js';
import type { CheckedProof, DpopProofs } from '../provenance/dpop.js';
import { CredentialError, ExchangeError, IssuerUnreachableError, TokenError } from '../provenance/errors.js';
import {
  firstToken,
  handedOn,
  narrowedToken,
  type Proven,
  TOKEN_TYPES,
  type TokenLimits,
  withActor,
} from '../provenance/exchange.js';
import { compileIdentity } from '../provenance/identity-claims.js';
import type { JwtSvids, TrustDomain } from '../provenance/jwt-svid.js';
import type { Provenance } from '../provenance/path.js';
import {
  assuranceOf,
  type PathMember,
  presentOf,
  scopeIn,
  type TransactionToken,
  type TransactionTokens,
} from '../provenance/transaction-token.js';
import { inProcess } from './caller.js';
import type { Decider, TokenProvenance } from './decide.js';
import { explainBriefly, isPermitted } from './decision.js';
import type { Carried } from './request.js';

/** An issuer whose tokens can be exchanged. */
export interface ExchangeIssuer extends Issuer {
  readonly identity?: { readonly type: string; readonly id: string } | undefined;
  readonly scopes: readonly string[];
}

/** A trust domain whose workloads can exchange their JWT-SVIDs. */
export interface ExchangeTrustDomain extends TrustDomain {
  /** The entity type of its workloads. */
  readonly identity: string;
  readonly scopes: readonly string[];
}

/** What the exchange works with; what the bundle says of it can change. */
export interface ExchangeParts {
  readonly decider: () => Decider;
  readonly tokens: TransactionTokens;
  readonly accessTokens: () => AccessTokens;
  readonly credentials: Credentials;
  readonly issuers: () => Readonly<Record<string, ExchangeIssuer>>;
  readonly svids: () => JwtSvids;
  readonly trustDomains: () => Readonly<Record<string, ExchangeTrustDomain>>;
  readonly limits: () => TokenLimits;
  readonly clock: () => Date;
  readonly nextTransaction: (now: Date) => string;
  readonly hashPrompt: (prompt: string) => string;
}

export interface ExchangeRequest {
  readonly subjectToken: string;
  readonly subjectTokenType: string;
  readonly actorToken?: string | undefined;
  readonly actorTokenType?: string | undefined;
  readonly scope?: readonly string[] | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly requestContext?: Readonly<Record<string, unknown>> | undefined;
  /** The prompt that the task begins with. It goes into the token as a keyed hash, and nowhere else. */
  readonly prompt?: string | undefined;
  /** The caller that asks. */
  readonly requestingWorkload: string;
  /** The thumbprint of the key that the present actor proved to have. */
  readonly boundTo?: string | undefined;
}

/** The action by which work is handed on; policies say who may hand it to whom. */
export const DELEGATE = 'delegate';

/**
 * Token exchange (RFC 8693) into transaction tokens. The first credential of a task becomes its first token; a token and the
 * credential of the next actor become that actor's token. Each handing on is a decision over the whole path.
 */
export class TokenExchange {
  constructor(private readonly parts: ExchangeParts) {}

  /** @throws {ExchangeError} when it is refused; {@link IssuerUnreachableError} when a credential cannot be verified now */
  async exchange(request: ExchangeRequest): Promise<TransactionToken> {
    const actor = await this.actor(request);
    const token = await (request.subjectTokenType === TOKEN_TYPES.transactionToken
      ? this.replace(request, actor)
      : this.begin(request, actor));
    return bound(token, request.boundTo);
  }

  private async begin(request: ExchangeRequest, actor: PathMember | undefined): Promise<TransactionToken> {
    const { scope = [], details, requestContext, prompt, requestingWorkload } = request;
    const proven = await this.prove(request.subjectToken, request.subjectTokenType, 'subject_token');
    const now = this.parts.clock();
    const limits = this.parts.limits();
    const path = actor === undefined ? proven.path : withActor(proven.path, actor);
    const txn = this.parts.nextTransaction(now);
    const promptHash = prompt === undefined ? undefined : this.parts.hashPrompt(prompt);
    const first = { proven: { ...proven, path }, txn, scope, details, requestContext, promptHash, requestingWorkload };
    const token = firstToken(first, limits, now);
    if (actor !== undefined) await this.mayHandOn({ ...token, path: proven.path }, actor.uid);
    return token;
  }

  private async replace(request: ExchangeRequest, actor: PathMember | undefined): Promise<TransactionToken> {
    const { scope, details, requestContext, prompt, requestingWorkload } = request;
    if (actor === undefined)
      throw new ExchangeError(
        'invalid_request',
        'a transaction token is exchanged with the actor_token of who works on',
      );
    if (details !== undefined || requestContext !== undefined || prompt !== undefined)
      throw new ExchangeError('invalid_request', 'the details of a transaction are said once, at its beginning');
    const parent = await this.believe(request.subjectToken);
    // Else an exchange would make a bearer token of it, for whoever took it.
    if (parent.boundTo !== undefined && parent.boundTo !== request.boundTo)
      throw new ExchangeError('invalid_dpop_proof', 'the token is bound to a key; send a proof by that key');
    const now = this.parts.clock();
    const limits = this.parts.limits();
    const present = presentOf(parent.path);
    // Who works on it now may narrow it for itself; that hands nothing on.
    if (sameUid(present.uid, actor.uid)) return narrowedToken(parent, scope, requestingWorkload, limits, now);
    const token = handedOn(parent, actor, scope, requestingWorkload, limits, now);
    await this.mayHandOn(parent, actor.uid);
    return token;
  }

  private async believe(text: string): Promise<TransactionToken> {
    try {
      return await this.parts.tokens.verify(text);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      throw new ExchangeError('invalid_grant', `subject_token: ${error.message}`, { cause: error });
    }
  }

  private async actor({ actorToken, actorTokenType }: ExchangeRequest): Promise<PathMember | undefined> {
    if (actorToken === undefined) return undefined;
    if (actorTokenType === undefined)
      throw new ExchangeError('invalid_request', 'actor_token comes with its actor_token_type');
    const { path } = await this.prove(actorToken, actorTokenType, 'actor_token');
    return presentOf(path);
  }

  private async prove(credential: string, type: string, name: string): Promise<Proven> {
    if (type !== TOKEN_TYPES.accessToken && type !== TOKEN_TYPES.jwt)
      throw new ExchangeError('invalid_request', `${name}_type: ${type} is not taken here`);
    const holder = this.parts.credentials.verify(credential);
    if (holder?.kind === 'client') {
      const [originator, agent] = [holder.originator, holder.agent].map((uid): PathMember => ({ uid, assurance: 1 }));
      return { path: [originator as PathMember, agent as PathMember], scope: holder.scopes };
    }
    try {
      // A JWT-SVID is known by its subject; it need not say who issued it.
      if (type === TOKEN_TYPES.jwt && isOfSpiffe(credential)) return await this.proveWorkload(credential);
      const { issuer, claims } = await this.parts.accessTokens().verify(credential);
      const declared = this.parts.issuers()[issuer];
      if (declared?.identity === undefined)
        throw new CredentialError(`writ.yaml does not say whom the tokens of ${issuer} are about`);
      const uid = compileIdentity(declared.identity)(claims);
      const scope = typeof claims.scope === 'string' ? scopeIn(claims.scope) : declared.scopes;
      return { path: [{ uid, assurance: 2 }], scope };
    } catch (error) {
      if (error instanceof IssuerUnreachableError || !(error instanceof CredentialError)) throw error;
      throw new ExchangeError('invalid_grant', `${name}: ${error.message}`, { cause: error });
    }
  }

  private async proveWorkload(credential: string): Promise<Proven> {
    const { spiffeId, trustDomain } = await this.parts.svids().verify(credential);
    const { identity, scopes } = this.parts.trustDomains()[trustDomain] as ExchangeTrustDomain;
    return { path: [{ uid: { type: identity, id: spiffeId }, assurance: 2 }], scope: scopes };
  }

  /** A decision like any other, and on the record: may everybody on the path hand this task to the next actor? */
  private async mayHandOn(from: TransactionToken, to: EntityUid): Promise<void> {
    const [originator] = from.path;
    const request = {
      subject: originator.uid,
      action: { name: DELEGATE },
      resource: to,
      context: { scope: from.scope },
    };
    const record = await this.parts.decider().decide(request, inProcess('token-service'), provenanceIn(from));
    if (isPermitted(record)) return;
    const who = uidText(presentOf(from.path).uid);
    throw new ExchangeError(
      'access_denied',
      `${who} may not hand this task to ${uidText(to)}: ${explainBriefly(record)}`,
    );
  }
}

/** The token for the key of the present actor: with an identity that was verified, and a key that was proved, it is bound. */
function bound(token: TransactionToken, boundTo: string | undefined): TransactionToken {
  const { boundTo: _another, ...rest } = token;
  if (boundTo === undefined) return rest;
  const path = [...token.path] as [PathMember, ...PathMember[]];
  const present = presentOf(path);
  if (present.assurance === 2) path[path.length - 1] = { ...present, assurance: 3 };
  return { ...rest, path, boundTo };
}

/** Whether a token says that it is about a workload of SPIFFE; whether that is so is found out next. */
function isOfSpiffe(token: string): boolean {
  try {
    return decodeJwt(token).sub?.startsWith('spiffe://') === true;
  } catch {
    return false;
  }
}

export type PresentedProof = NonNullable<Carried['proof']>;

/** Believes transaction tokens, or says why not. A bound one only with a proof by its key: there is no verification without. */
export class TokenVerifier {
  constructor(
    private readonly tokens: TransactionTokens,
    private readonly proofs: DpopProofs,
  ) {}

  async believe(text: string, presented: PresentedProof | undefined): Promise<TokenProvenance> {
    // Both signatures at the same time: neither needs the other.
    const proof = presented && settled(this.proofs.check(presented.proof, { ...presented, token: text }));
    try {
      const token = await this.tokens.verify(text);
      if (token.boundTo !== undefined) await this.prove(token.boundTo, await proof);
      return provenanceIn(token);
    } catch (error) {
      if (error instanceof TokenError) return error;
      throw error;
    }
  }

  /** Takes the proof only when it is by the key that the token is bound to: others are nothing to remember. */
  private async prove(boundTo: string, proof: Settled<CheckedProof> | undefined): Promise<void> {
    if (proof === undefined) throw new TokenError('token_proof', 'it is bound to a key, and came without a proof');
    if ('error' in proof) throw proof.error;
    if (proof.value.thumbprint !== boundTo)
      throw new TokenError('token_proof', 'the proof is by another key than the one that it is bound to');
    await this.proofs.take(proof.value);
  }
}

type Settled<T> = { readonly value: T } | { readonly error: unknown };

/** What became of it, so that nobody has to wait for it to hear that it failed. */
function settled<T>(promise: Promise<T>): Promise<Settled<T>> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** What a decision sees of a token. */
function provenanceIn({ path, txn, scope, promptHash }: TransactionToken): Provenance {
  const uids = path.map(({ uid }) => uid) as unknown as Provenance['path'];
  return { path: uids, assurance: assuranceOf(path), txn, scope, ...(promptHash === undefined ? {} : { promptHash }) };
}
