import { randomUUID } from 'node:crypto';
import { type EntityUid, parseUid, sameUid, uidText } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { defined } from '@writ/sdk/lib/defined';
import { compactVerify, errors, SignJWT } from 'jose';
import { z } from 'zod';
import { tokenDetailsShape } from '../lib/authorization-details.js';
import { type Clock, earliestBy, latestBy } from '../lib/clock.js';
import type { Txn } from '../lib/ids.js';
import { type Seconds, seconds } from '../lib/units.js';
import { sha256 } from './digest.js';
import { TokenError } from './errors.js';
import { detailsOf, type Mandate, mandateIn } from './mandate.js';
import type { Assurance } from './path.js';
import type { SigningAlgorithm, SigningKeys } from './signing-keys.js';
import { CLOCK_SKEW_S } from './token-times.js';

/** An identity on a delegation path, with the assurance that it was added with. */
export interface PathMember {
  readonly uid: EntityUid;
  readonly assurance: Assurance;
}

/** The contents of a transaction token, verified or to be signed. */
export interface TransactionToken {
  /** The task: the same for every token of it. */
  readonly txn: Txn;
  /** The originator, then each actor that the work was delegated to, to the present one. */
  readonly path: readonly [PathMember, ...PathMember[]];
  /** `jti`, for its revocation. Of a verified token. */
  readonly id?: string | undefined;
  /** The `jti` of the tokens that it was made of; `issuer jti` of one of another issuer. */
  readonly madeOf?: readonly string[] | undefined;
  /** The session at the issuer of the first credential. */
  readonly session?: string | undefined;
  /** When the originator proved who it is. */
  readonly provedAt?: Seconds | undefined;
  /** The purpose of the transaction. It only narrows. */
  readonly scope: readonly string[];
  /** The caller that it was issued to. */
  readonly requestingWorkload: string;
  readonly issuedAt: Seconds;
  readonly expires: Seconds;
  /** The details of the transaction by its first request. They never change. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** The context of the first request. */
  readonly requestContext?: Readonly<Record<string, unknown>> | undefined;
  /** Issuer and audience. Of a verified token. */
  readonly domain?: TokenDomain | undefined;
  /** The keyed hash of the prompt that the task started with. Without the key, nobody can test a guess. */
  readonly promptHash?: string | undefined;
  /** The most that the task may do; undefined for the mandate of the default kind. */
  readonly mandate?: Mandate | undefined;
  /** The thumbprint of the key that its presenter must prove to have (RFC 9449, section 6.1); undefined for a bearer token. */
  readonly boundTo?: string | undefined;
}

/** `typ` of the header (draft-ietf-oauth-transaction-tokens, "Txn-Token Header"). */
export const TOKEN_TYPE = 'txntoken+jwt';
/** The most identities of a path. A longer one is refused, never cut. */
export const MAX_PATH = 17;

/** The most exchanges of one token; after that, a new task has to be started. */
export const MAX_MADE_OF = 32;
const MAX_ID = 1_024;

const actShape: z.ZodType<Act> = z.lazy(() => z.object({ sub: z.string(), act: actShape.optional() }));
interface Act {
  readonly sub: string;
  readonly act?: Act | undefined;
}
const claimsShape = z.object({
  iss: z.string(),
  aud: z.string(),
  iat: z.int().transform(seconds),
  exp: z.int().transform(seconds),
  jti: z.string().min(1).max(MAX_ID).optional(),
  nbf: z.int().optional(),
  txn: z.string().min(1),
  sub: z.string().min(1),
  scope: z.string(),
  req_wl: z.string(),
  tctx: z.record(z.string(), z.unknown()).optional(),
  rctx: z.record(z.string(), z.unknown()).optional(),
  act: actShape.optional(),
  cnf: z.object({ jkt: z.string().min(1) }).optional(),
  /** RFC 9396, section 9.1. */
  authorization_details: tokenDetailsShape.optional(),
  agentic_ctx: z.object({
    task_kind: z.string().optional(),
    path: z.array(z.object({ sub: z.string(), assurance: z.int().min(0).max(4) })).min(1),
    prompt_hash: z.string().optional(),
    made_of: z.array(z.string().max(MAX_ID)).max(MAX_MADE_OF).optional(),
    session: z.string().max(MAX_ID).optional(),
    auth_time: z.number().transform(seconds).optional(),
  }),
});

/** The issuer of tokens, and the trust domain that they are for. */
export interface TokenDomain {
  readonly issuer: string;
  /** `aud`, which is always present. */
  readonly trustDomain: string;
}

/**
 * Signs and verifies transaction tokens (draft-ietf-oauth-transaction-tokens, with `act` and `agentic_ctx` of Transaction Tokens
 * for Agents).
 *
 * @example const token = await tokens.sign({ txn, path, scope: ['refund'], requestingWorkload: 'checkout', issuedAt, expires });
 */
export class TransactionTokens {
  /** hot: verified tokens by the hash of their text. One token comes with many requests. */
  private readonly remembered = new BoundedCache<string, { readonly token: TransactionToken; readonly kid: string }>(
    MAX_REMEMBERED,
  );

  constructor(
    private readonly keys: SigningKeys,
    private readonly domain: () => TokenDomain,
    private readonly clock: Clock,
  ) {}

  async sign(token: TransactionToken, algorithm: SigningAlgorithm = 'ES256'): Promise<string> {
    const { issuer, trustDomain } = this.domain();
    const { kid, privateKey } = this.keys.current(algorithm);
    const [originator] = token.path;
    const act = actOf(token.path);
    const details = token.mandate && detailsOf(token.mandate);
    const claims = defined({
      txn: token.txn,
      scope: token.scope.join(' '),
      req_wl: token.requestingWorkload,
      tctx: token.details,
      rctx: token.requestContext,
      act,
      cnf: token.boundTo === undefined ? undefined : { jkt: token.boundTo },
      authorization_details: details,
      agentic_ctx: defined({
        task_kind: token.mandate?.kind,
        path: token.path.map(({ uid, assurance }) => ({ sub: uidText(uid), assurance })),
        prompt_hash: token.promptHash,
        made_of: token.madeOf?.length === 0 ? undefined : token.madeOf,
        session: token.session,
        auth_time: token.provedAt,
      }),
    });
    return new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, typ: TOKEN_TYPE, kid })
      .setIssuer(issuer)
      .setAudience(trustDomain)
      .setSubject(uidText(originator.uid))
      .setJti(randomUUID())
      .setIssuedAt(token.issuedAt)
      .setExpirationTime(token.expires)
      .sign(privateKey);
  }

  /**
   * Verifies a token. Neither the claims nor the header count before the signature is valid; the header only finds the key.
   *
   * @throws {TokenError}
   */
  async verify(text: string): Promise<TransactionToken> {
    if (text.length > MAX_LENGTH) throw new TokenError('token_malformed', 'the token is too long');
    const digest = sha256(text);
    const known = this.remembered.get(digest);
    // Its key may have been retired since, and the domain may have changed.
    if (known !== undefined && this.keys.find(known.kid) !== undefined && this.isCurrent(known.token))
      return known.token;
    const { payload, kid } = await this.signed(text);
    const token = this.read(payload);
    this.remembered.set(digest, { token, kid });
    return token;
  }

  /** Returns whether a verified token still counts: the clock can have gone ahead, or back. */
  private isCurrent({ issuedAt, expires, domain }: TransactionToken): boolean {
    const { issuer, trustDomain } = this.domain();
    const isInTime =
      expires * 1_000 > latestBy(this.clock) && issuedAt <= earliestBy(this.clock) / 1_000 + CLOCK_SKEW_S;
    return isInTime && domain?.issuer === issuer && domain.trustDomain === trustDomain;
  }

  /** Verifies the signature. @returns the claims, not read yet, and the id of the key */
  private async signed(text: string): Promise<{ payload: Uint8Array; kid: string }> {
    let payload: Uint8Array;
    let signer = '';
    let type: unknown;
    try {
      const verified = await compactVerify(text, ({ kid, alg }) => {
        const key = typeof kid === 'string' ? this.keys.find(kid) : undefined;
        // The key has the algorithm; the header must name the same.
        if (key === undefined || key.algorithm !== alg)
          throw new TokenError('token_key_unknown', 'no key of ours that still counts signed this token');
        signer = key.kid;
        return key.publicKey;
      });
      payload = verified.payload;
      type = verified.protectedHeader.typ;
    } catch (error) {
      if (error instanceof TokenError) throw error;
      const isForged = error instanceof errors.JWSSignatureVerificationFailed;
      throw new TokenError(
        isForged ? 'token_signature' : 'token_malformed',
        isForged ? 'the signature is not right' : 'this is not a signed token',
        undefined,
        { cause: error },
      );
    }
    if (type !== TOKEN_TYPE) throw new TokenError('token_type', `this is a ${String(type)}, not a ${TOKEN_TYPE}`);
    return { payload, kid: signer };
  }

  private read(payload: Uint8Array): TransactionToken {
    const parsed = claimsShape.safeParse(strictJson(payload));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new TokenError('token_malformed', `the claim ${issue?.path.join('.')}: ${issue?.message}`);
    }
    const claims = parsed.data;
    const { issuer, trustDomain } = this.domain();
    const [first, last] = [earliestBy(this.clock) / 1_000, latestBy(this.clock) / 1_000];
    if (claims.iss !== issuer) throw new TokenError('token_issuer', `the token is of ${claims.iss}`);
    if (claims.aud !== trustDomain)
      throw new TokenError('token_audience', `the token is for ${claims.aud}, not for ${trustDomain}`);
    if (claims.exp <= last) throw new TokenError('token_expired', 'the token has expired', 'exchange for a new one');
    if (claims.iat > first + CLOCK_SKEW_S || (claims.nbf ?? 0) > first + CLOCK_SKEW_S)
      throw new TokenError('token_not_yet_valid', 'the token is of the future');
    return {
      txn: claims.txn as Txn,
      id: claims.jti,
      madeOf: claims.agentic_ctx.made_of,
      session: claims.agentic_ctx.session,
      provedAt: claims.agentic_ctx.auth_time,
      path: pathOf(claims),
      scope: scopeIn(claims.scope),
      requestingWorkload: claims.req_wl,
      issuedAt: claims.iat,
      expires: claims.exp,
      details: claims.tctx,
      requestContext: claims.rctx,
      boundTo: claims.cnf?.jkt,
      promptHash: claims.agentic_ctx.prompt_hash,
      mandate: mandateOfClaims(claims),
      domain: { issuer, trustDomain },
    };
  }
}

const MAX_LENGTH = 16_384;
const MAX_REMEMBERED = 10_000;

/** Returns the parts of a `scope` (RFC 6749, section 3.3). */
export function scopeIn(text: string): string[] {
  return text.split(' ').filter((part) => part !== '');
}

/** Returns the present actor. */
export function presentOf(path: TransactionToken['path']): PathMember {
  return path[path.length - 1] as PathMember;
}

/** Returns `act` (RFC 8693, section 4.1): the present actor outermost, those before it inside. */
function actOf(path: readonly PathMember[]): Act | undefined {
  return path
    .slice(1)
    .reduce<Act | undefined>((act, { uid }) => ({ sub: uidText(uid), ...(act && { act }) }), undefined);
}

/** Returns the path, which `sub`, `act` and `agentic_ctx` must all have. */
function pathOf({ sub, act, agentic_ctx: { path } }: z.output<typeof claimsShape>): TransactionToken['path'] {
  if (path.length > MAX_PATH) throw new TokenError('token_chain', `the delegation path is longer than ${MAX_PATH}`);
  const actors: string[] = [];
  for (let at: Act | undefined = act; at !== undefined; at = at.act) actors.unshift(at.sub);
  const said = [sub, ...actors];
  if (said.length !== path.length || said.some((name, i) => name !== path[i]?.sub))
    throw new TokenError('token_chain', '`sub` and `act` do not tell the path that `agentic_ctx` tells');
  const members = path.map(({ sub: name, assurance }) => {
    const uid = parseUid(name);
    if (uid === undefined) throw new TokenError('token_chain', `${JSON.stringify(name)} is not an identity`);
    return { uid, assurance: assurance as Assurance };
  });
  const isLoop = members.some(({ uid }, i) => members.slice(0, i).some((other) => sameUid(other.uid, uid)));
  if (isLoop) throw new TokenError('token_chain', 'an identity is on the delegation path twice');
  return members as unknown as TransactionToken['path'];
}

/** Returns the mandate of a token. @throws {TokenError} if it has details and no kind of task */
function mandateOfClaims({ authorization_details, agentic_ctx }: z.output<typeof claimsShape>): Mandate | undefined {
  const { task_kind: kind } = agentic_ctx;
  if (kind !== undefined) return mandateIn(kind, authorization_details);
  if (authorization_details === undefined) return undefined;
  throw new TokenError('token_malformed', 'it has authorization_details and does not say of which kind of task');
}

function strictJson(payload: Uint8Array): unknown {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(payload), { mode: 'wire', maxDepth: 64 });
  } catch (error) {
    throw new TokenError('token_malformed', 'the claims are not JSON with one reading', undefined, { cause: error });
  }
}
