import { sameUid, uidText } from '@writ/cedar';
import type { GrantTerms } from '../lib/authorization-details.js';
import type { Txn } from '../lib/ids.js';
import { after, earliest, type Seconds, secondsAt } from '../lib/units.js';
import { ExchangeError } from './errors.js';
import type { Mandate } from './mandate.js';
import { MAX_MADE_OF, MAX_PATH, type PathMember, type TransactionToken } from './transaction-token.js';

/** The limits of tokens, as a bundle declares them. */
export interface TokenLimits {
  readonly lifetime: Seconds;
  /** The most delegations of one task. */
  readonly maxDepth: number;
}

/** The identities that a credential proves, and the scopes that it may be exchanged for. */
export interface Proven {
  readonly path: readonly [PathMember, ...PathMember[]];
  /** The scopes that it covers. */
  readonly scope: readonly string[];
  /** The scopes that the credential itself states. */
  readonly stated: readonly string[];
  /** The most that it lets a task do (RFC 9396); undefined if it does not say. */
  readonly details?: readonly GrantTerms[] | undefined;
  /** The ids that it can be revoked by. */
  readonly origin?: CredentialOrigin | undefined;
}

/** The origin of a credential: its id, its session, and when its subject proved who it is. */
export interface CredentialOrigin {
  /** `issuer jti`. */
  readonly id?: string | undefined;
  readonly session?: string | undefined;
  readonly provedAt?: Seconds | undefined;
}

interface FirstRequest {
  readonly proven: Proven;
  readonly txn: Txn;
  readonly scope: readonly string[];
  readonly requestingWorkload: string;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly requestContext?: Readonly<Record<string, unknown>> | undefined;
  readonly promptHash?: string | undefined;
  readonly mandate?: Mandate | undefined;
}

/** Makes the first token of a task. @throws {ExchangeError} if it would grant more than the credential */
export function firstToken(request: FirstRequest, limits: TokenLimits, now: Date): TransactionToken {
  const { proven, ...rest } = request;
  const issuedAt = secondsAt(now);
  narrowed(rest.scope, proven.scope, 'the credential');
  checkDepth(proven.path, limits);
  const { id, session, provedAt } = proven.origin ?? {};
  const madeOf = id === undefined ? undefined : [id];
  return { ...rest, path: proven.path, issuedAt, expires: after(issuedAt, limits.lifetime), madeOf, session, provedAt };
}

/** Makes a narrower token for the same actor. @throws {ExchangeError} if it would be wider */
export function narrowedToken(
  parent: TransactionToken,
  scope: readonly string[] | undefined,
  requestingWorkload: string,
  { lifetime }: TokenLimits,
  now: Date,
): TransactionToken {
  const issuedAt = secondsAt(now);
  if (scope !== undefined) narrowed(scope, parent.scope, 'the token');
  const expires = earliest(parent.expires, after(issuedAt, lifetime));
  return { ...parent, ...madeOf(parent), scope: scope ?? parent.scope, requestingWorkload, issuedAt, expires };
}

/** Returns the tokens that a new one is made of: to revoke one of them revokes it. */
function madeOf({ id, madeOf: before = [] }: TransactionToken): Pick<TransactionToken, 'id' | 'madeOf'> {
  const all = id === undefined ? before : [...before, id];
  if (all.length > MAX_MADE_OF) throw new ExchangeError('access_denied', `the token was exchanged ${all.length} times`);
  return { id: undefined, madeOf: all };
}

/** Makes the token of the next actor: the same task and originator, with one more on the path. Everything else only narrows. */
export function handedOn(
  parent: TransactionToken,
  actor: PathMember,
  scope: readonly string[] | undefined,
  requestingWorkload: string,
  limits: TokenLimits,
  now: Date,
): TransactionToken {
  const path = withActor(parent.path, actor);
  checkDepth(path, limits);
  return { ...narrowedToken(parent, scope, requestingWorkload, limits, now), path };
}

/** Returns a path with one more actor. @throws {ExchangeError} if the actor is on it already */
export function withActor(path: Proven['path'], actor: PathMember): Proven['path'] {
  if (path.some(({ uid }) => sameUid(uid, actor.uid)))
    throw new ExchangeError('access_denied', `${uidText(actor.uid)} is on the delegation path already`);
  return [...path, actor];
}

function checkDepth(path: Proven['path'], { maxDepth }: TokenLimits): void {
  const depth = path.length - 1;
  if (depth > maxDepth || path.length > MAX_PATH)
    throw new ExchangeError(
      'access_denied',
      `the work would be handed on ${depth} times; ${maxDepth} is the most here`,
    );
}

function narrowed(asked: readonly string[], allowed: readonly string[], by: string): void {
  if (asked.length === 0)
    throw new ExchangeError('invalid_scope', 'the scope says what the transaction is for, and is empty');
  const wider = asked.filter((part) => !allowed.includes(part));
  if (wider.length > 0) throw new ExchangeError('invalid_scope', `${by} does not cover the scope ${wider.join(' ')}`);
}
