import { type EntityUid, parseUid, sameUid, uidText } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { type CryptoKey, compactVerify } from 'jose';
import { z } from 'zod';
import { askedDetailsShape } from '../lib/authorization-details.js';
import { type Clock, earliestBy, latestBy } from '../lib/clock.js';
import { seconds } from '../lib/units.js';
import { sha256 } from './digest.js';
import { TokenError } from './errors.js';
import { type Mandate, narrowed } from './mandate.js';
import { CLOCK_SKEW_S } from './token-times.js';
import { MAX_PATH, presentOf, scopeIn, type TransactionToken, type TransactionTokens } from './transaction-token.js';

/** `typ` of a link: an actor delegates its task with its own signature, without the token service. */
const LINK_TYPE = 'txnlink+jwt';
/** Between a token and its links, as in SD-JWT. */
export const LINK_SEPARATOR = '~';
/** The name of a key as an issuer (draft-ietf-oauth-jwk-thumbprint-uri, RFC 9278). */
const KEY_URN = 'urn:ietf:params:oauth:jwk-thumbprint:sha-256:';
const MAX_LENGTH = 16_384;
const MAX_REMEMBERED = 10_000;

/** A registered key with its owner. */
export interface OwnedKey {
  readonly owner: EntityUid;
  readonly algorithm: string;
  readonly key: CryptoKey;
}

/** A token with its links, verified. */
export interface VerifiedChain {
  /** The token of its holder: the path to the last actor, and the rest as the last link narrowed it. */
  readonly token: TransactionToken;
  /** The delegations by links: the token of each signer, and the next actor. A policy decides whether each is permitted. */
  readonly hops: readonly { readonly from: TransactionToken; readonly to: EntityUid }[];
}

const claimsShape = z.strictObject({
  iss: z.string(),
  sub: z.string(),
  aud: z.string(),
  txn: z.string(),
  jti: z.string().min(1).max(256),
  iat: z.int().transform(seconds),
  exp: z.int().transform(seconds),
  act: z.strictObject({ sub: z.string() }),
  cnf: z.strictObject({ jkt: z.string().min(1) }),
  /** SHA-256 of the signing input of the token or link before it. */
  par_hash: z.string(),
  del_depth: z.int(),
  scope: z.string(),
  authorization_details: askedDetailsShape.optional(),
});
type Claims = z.output<typeof claimsShape>;

interface Remembered {
  readonly chain: VerifiedChain;
  readonly root: TransactionToken;
  readonly usual: Mandate | undefined;
  /** The keys of the chain, with the owners that they had. */
  readonly keys: readonly (readonly [thumbprint: string, owner: EntityUid])[];
}

/**
 * Verifies transaction tokens, with or without links that were signed offline (docs/tokens.md). Each link is signed with
 * the key of the token or link before it, which must be registered as its actor's, and names the next actor and its
 * registered key. Only the path grows. A proof must show that the presenter has the last key, because any beginning of a
 * chain is a chain too.
 */
export class TokenChains {
  private readonly remembered = new BoundedCache<string, Remembered>(MAX_REMEMBERED);

  /** @param usual the mandate of a task whose token has none */
  constructor(
    private readonly tokens: TransactionTokens,
    private readonly keyOf: (thumbprint: string) => OwnedKey | undefined,
    private readonly usual: () => Mandate | undefined,
    private readonly clock: Clock,
  ) {}

  /** Verifies a token with its links. @throws {TokenError} */
  async verify(text: string): Promise<VerifiedChain> {
    if (text.length > MAX_LENGTH) throw new TokenError('token_malformed', 'the token is too long');
    const [first = '', ...links] = text.split(LINK_SEPARATOR);
    if (links.length === 0) return { token: await this.tokens.verify(first), hops: [] };
    // The links are counted before anything is verified: a long chain must not cost much.
    if (links.length >= MAX_PATH) throw chainError(`there are ${links.length} links; the path has ${MAX_PATH} at most`);
    const digest = sha256(text);
    const known = this.remembered.get(digest);
    if (known !== undefined && this.isCurrent(known) && (await this.tokens.verify(first)) === known.root)
      return known.chain;
    return this.verifyNew(first, links, digest);
  }

  /** Returns whether a verified chain still counts: the owners of its keys, the bundle and the time can have changed. */
  private isCurrent({ chain, usual, keys }: Remembered): boolean {
    return (
      chain.token.expires * 1_000 > latestBy(this.clock) &&
      chain.token.issuedAt <= earliestBy(this.clock) / 1_000 + CLOCK_SKEW_S &&
      usual === this.usual() &&
      keys.every(([thumbprint, owner]) => {
        const key = this.keyOf(thumbprint);
        return key !== undefined && sameUid(key.owner, owner);
      })
    );
  }

  private async verifyNew(first: string, links: readonly string[], digest: string): Promise<VerifiedChain> {
    // hot: all signatures at the same time. The claims of a link decide nothing until all signatures are valid.
    const pending = [this.tokens.verify(first), ...links.map((link) => this.signed(link))] as const;
    const settled = await Promise.allSettled(pending);
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
    const [root, ...signed] = settled.map((result) => (result as PromiseFulfilledResult<unknown>).value) as [
      TransactionToken,
      ...SignedLink[],
    ];
    const usual = this.usual();
    const hops: { from: TransactionToken; to: EntityUid }[] = [];
    const keys: [string, EntityUid][] = [];
    let [token, text] = [root, first];
    for (const [i, link] of signed.entries()) {
      const next = this.follow(token, signingInput(text), link, i + 1, usual);
      hops.push({ from: token, to: presentOf(next.path).uid });
      keys.push([link.signer, presentOf(token.path).uid]);
      [token, text] = [next, links[i] as string];
    }
    keys.push([token.boundTo as string, presentOf(token.path).uid]);
    const chain = { token, hops };
    this.remembered.set(digest, { chain, root, usual, keys });
    return chain;
  }

  /** Verifies the signature of a link by a registered key. The owner of the key is checked later. */
  private async signed(link: string): Promise<SignedLink> {
    const { kid, alg, typ, ...more } = headerOf(link);
    if (typ !== LINK_TYPE) throw new TokenError('token_type', `a link is a ${String(typ)}, not a ${LINK_TYPE}`);
    const unknown = Object.keys(more);
    if (unknown.length > 0) throw new TokenError('token_malformed', `the header of a link has ${unknown.join(', ')}`);
    const key = typeof kid === 'string' ? this.keyOf(kid) : undefined;
    if (key === undefined || key.algorithm !== alg)
      throw new TokenError('token_key_unknown', 'a link is signed with no registered key');
    let payload: Uint8Array;
    try {
      ({ payload } = await compactVerify(link, key.key, { algorithms: [key.algorithm] }));
    } catch (cause) {
      throw new TokenError('token_signature', 'the signature of a link is not right', undefined, { cause });
    }
    return { signer: kid as string, claims: claimsIn(payload), input: signingInput(link) };
  }

  /** Returns the token of the next actor: that of this one, narrowed by the link. */
  private follow(
    parent: TransactionToken,
    parentInput: string,
    { signer, claims, input }: SignedLink,
    depth: number,
    usual: Mandate | undefined,
  ): TransactionToken {
    const who = presentOf(parent.path).uid;
    if (parent.boundTo === undefined)
      throw chainError(`what ${uidText(who)} has is bound to no key, so it cannot be handed on by a signature`);
    if (signer !== parent.boundTo)
      throw chainError(`a link is not signed with the key that ${uidText(who)} was given it with`);
    this.mustOwn(signer, who);
    if (claims.iss !== KEY_URN + signer) throw chainError('a link says another issuer than its key');
    if (claims.par_hash !== sha256(parentInput))
      throw chainError('a link hangs on another token than the one before it');
    if (claims.del_depth !== depth) throw chainError(`the link at ${depth} says that it is at ${claims.del_depth}`);
    for (const [name, value] of [
      ['txn', parent.txn],
      ['sub', uidText(parent.path[0].uid)],
      ['aud', parent.domain?.trustDomain],
    ] as const)
      if (claims[name] !== value) throw chainError(`a link changes ${name}, which never changes`);
    this.checkTimes(claims, parent);
    return {
      ...this.narrow(parent, claims, input, usual),
      path: this.pathWith(parent, claims),
      boundTo: claims.cnf.jkt,
    };
  }

  private checkTimes({ iat, exp }: Claims, parent: TransactionToken): void {
    if (exp * 1_000 <= latestBy(this.clock)) throw new TokenError('token_expired', 'a link has expired');
    if (exp > parent.expires) throw chainError('a link lives longer than what it hangs on');
    if (iat > earliestBy(this.clock) / 1_000 + CLOCK_SKEW_S)
      throw new TokenError('token_not_yet_valid', 'a link is of the future');
    if (iat < parent.issuedAt - CLOCK_SKEW_S) throw chainError('a link is older than what it hangs on');
  }

  private narrow(
    parent: TransactionToken,
    { scope: said, authorization_details: details, iat, exp }: Claims,
    input: string,
    usual: Mandate | undefined,
  ): TransactionToken {
    const scope = scopeIn(said);
    const wider = scope.filter((part) => !parent.scope.includes(part));
    if (scope.length === 0) throw chainError('a link says nothing of what it is for');
    if (wider.length > 0) throw chainError(`a link widens the scope by ${wider.join(' ')}`);
    const token = { ...parent, scope, issuedAt: iat, expires: exp };
    if (details === undefined) return token;
    const from = parent.mandate ?? usual ?? { kind: '', grants: 'any' as const };
    const terms = details.map(({ type: _type, ...rest }) => rest);
    const result = narrowed(from, terms, sha256(input));
    if ('wider' in result) throw chainError('the authorization_details of a link are wider than those it hangs on');
    return { ...token, mandate: result.mandate };
  }

  private pathWith(parent: TransactionToken, { act, cnf }: Claims): TransactionToken['path'] {
    const uid = parseUid(act.sub);
    if (uid === undefined || uidText(uid) !== act.sub)
      throw chainError(`${JSON.stringify(act.sub)} is not an identity`);
    this.mustOwn(cnf.jkt, uid);
    if (parent.path.some((member) => sameUid(member.uid, uid)))
      throw chainError(`${act.sub} is on the delegation path already`);
    if (parent.path.length >= MAX_PATH) throw chainError(`the delegation path is longer than ${MAX_PATH}`);
    return [...parent.path, { uid, assurance: 3 }];
  }

  /** Checks that a key is registered for an identity: a key of another would impersonate it. */
  private mustOwn(thumbprint: string, uid: EntityUid): void {
    const key = this.keyOf(thumbprint);
    if (key === undefined || !sameUid(key.owner, uid))
      throw chainError(`the key ${thumbprint} is not registered as that of ${uidText(uid)}`);
  }
}

interface SignedLink {
  /** The thumbprint of the key. */
  readonly signer: string;
  readonly claims: Claims;
  readonly input: string;
}

/** Reads the header of a link once, strictly: two readings of one header could be two keys. */
function headerOf(link: string): Readonly<Record<string, unknown>> {
  const [header = ''] = link.split('.', 1);
  try {
    const json = strictJson(Buffer.from(header, 'base64url'));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  } catch {}
  throw new TokenError('token_malformed', 'a link is not a signed token');
}

function claimsIn(payload: Uint8Array): Claims {
  let json: unknown;
  try {
    json = strictJson(payload);
  } catch (cause) {
    throw new TokenError('token_malformed', 'the claims of a link are not JSON with one reading', undefined, { cause });
  }
  const read = claimsShape.safeParse(json);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new TokenError('token_malformed', `the claim ${issue?.path.join('.')} of a link: ${issue?.message}`);
}

function strictJson(bytes: Uint8Array): unknown {
  return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes), { mode: 'wire', maxDepth: 64 });
}

/** Returns header and claims: one signature can be written in more than one way. */
function signingInput(token: string): string {
  return token.slice(0, token.lastIndexOf('.'));
}

function chainError(message: string): TokenError {
  return new TokenError('token_chain', message);
}
