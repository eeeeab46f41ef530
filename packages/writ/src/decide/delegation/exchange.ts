import { type EntityUid, sameUid, uidText } from '@writ/cedar';
import type { GrantTerms } from '../../lib/authorization-details.js';
import type { Txn } from '../../lib/ids.js';
import { after, type Seconds, secondsAt } from '../../lib/units.js';
import { ExchangeError, TokenError } from '../../provenance/errors.js';
import { firstToken, handedOn, narrowedToken, type TokenLimits, withActor } from '../../provenance/exchange.js';
import type { IdJags, ProvenByIdJag } from '../../provenance/id-jags.js';
import { mandateOf } from '../../provenance/mandate.js';
import type { Prover } from '../../provenance/prove.js';
import { kindsFor, type TaskKinds } from '../../provenance/task-kinds.js';
import { TOKEN_TYPES } from '../../provenance/token-types.js';
import { type PathMember, presentOf, type TransactionToken } from '../../provenance/transaction-token.js';
import type { UsedProof } from '../../provenance/used-proof.js';
import type { Decider } from '../decide.js';
import type { MandateProposal } from '../mandate-draft/proposal.js';
import { kindMandate } from '../mandates.js';
import type { Planner } from '../planner/planner.js';
import { Issuance } from './issuance.js';

/** The parts of an exchange. Those that a bundle declares can change. */
interface ExchangeParts {
  readonly decider: () => Decider;
  /** Returns what a transaction token says, with its links. @throws {TokenError} */
  readonly read: (text: string) => Promise<TransactionToken>;
  readonly prover: Pick<Prover, 'prove'>;
  readonly idJags: Pick<IdJags, 'prove'>;
  readonly limits: () => TokenLimits;
  readonly clock: () => Date;
  readonly nextTransaction: (now: Date) => Txn;
  /** Returns whose a registered key is. */
  readonly ownerOf: (thumbprint: string) => EntityUid | undefined;
  readonly hashPrompt: (prompt: string) => string;
  /** Returns the planner that the bundle declares; undefined if it declares none. */
  readonly planner: () => Planner | undefined;
}

export interface ExchangeRequest {
  readonly subjectToken: string;
  readonly subjectTokenType: string;
  readonly actorToken?: string | undefined;
  readonly actorTokenType?: string | undefined;
  readonly scope?: readonly string[] | undefined;
  /** The most that the task may do (RFC 9396). */
  readonly authorizationDetails?: readonly GrantTerms[] | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly requestContext?: Readonly<Record<string, unknown>> | undefined;
  /** The prompt that the task starts with. The token has its keyed hash; nothing else keeps it. */
  readonly prompt?: string | undefined;
  /** The caller that requests the exchange. */
  readonly requestingWorkload: string;
  /** The thumbprint of the key that the requester proved to have; undefined if no proof came. */
  readonly provedKey: string | undefined;
  /** Receives what counts once, and was used for this exchange: it is recorded with it. */
  readonly onUsed?: ((used: UsedProof) => void) | undefined;
  /** The thumbprint of the next actor's registered key, for its token to be bound to. */
  readonly actorKey?: string | undefined;
}

/** The token of an exchange, and how its mandate was narrowed to the prompt. */
export interface Exchanged {
  readonly token: TransactionToken;
  readonly proposal?: MandateProposal;
}

/**
 * Exchanges tokens (RFC 8693) for transaction tokens. The first credential of a task becomes its first token; a token and the
 * credential of the next actor become that actor's token. Each delegation is a decision over the whole path.
 */
export class TokenExchange {
  private readonly issuance: Issuance;

  constructor(private readonly parts: ExchangeParts) {
    const { decider, nextTransaction, clock, planner } = parts;
    this.issuance = new Issuance(decider, () => nextTransaction(clock()), planner);
  }

  /**
   * Makes the token of an exchange. It is not signed yet.
   *
   * @throws {ExchangeError} if it is refused; {@link IssuerUnreachableError} if a credential cannot be verified now
   */
  async exchange(request: ExchangeRequest): Promise<Exchanged> {
    const actor = await this.actor(request);
    return request.subjectTokenType === TOKEN_TYPES.transactionToken
      ? { token: await this.replace(request, actor) }
      : this.begin(request, actor);
  }

  /**
   * Proposes a mandate for a task that would start with a prompt: Nothing starts.
   *
   * @param means by default those of its kind, or else the words
   * @throws {ExchangeError} if the scope chooses several kinds, or the planner proposes nothing, or more than the kind
   */
  async propose(scope: readonly string[], prompt: string, means?: MandateProposal['by']): Promise<MandateProposal> {
    const { plane } = this.parts.decider();
    const kind = kindOf(plane.tasks, scope);
    const terms = kind === undefined ? undefined : plane.tasks?.kinds.get(kind)?.mandate;
    const whole = kind === undefined || terms === undefined ? plane.usualMandate : mandateOf(kind, terms, 'proposal');
    const own = plane.tasks?.kinds.get(kind ?? plane.tasks.usual)?.fromPrompt ?? [];
    const by = means ?? (own.length === 0 ? (['words'] as const) : own);
    return this.issuance.propose(prompt, whole ?? { kind: '', grants: 'any' }, by);
  }

  /**
   * Makes the token of a client that sends none: its path and assurance by its credential, and the scope that the credential states.
   * The same client has the same task each time, so that to connect again restores no budget.
   *
   * @param task the name of the task; by default the identity
   * @param kind the kind of its tasks; by default the default kind
   * @throws {ExchangeError} if the credential proves nothing; {@link IssuerUnreachableError} if it cannot be verified now
   */
  async clientToken(credential: string, task?: string, kind?: string): Promise<TransactionToken> {
    const { path, stated, origin } = await this.parts.prover.prove(
      credential,
      TOKEN_TYPES.jwt,
      'Authorization',
      'gateway',
    );
    const { id, session, provedAt } = origin ?? {};
    const issuedAt = secondsAt(this.parts.clock());
    const expires = after(issuedAt, this.parts.limits().lifetime);
    const txn = (task ?? uidText(path[0].uid)) as Txn;
    const madeOf = id === undefined ? undefined : [id];
    // A server that the token is passed to can do no more with it than the client.
    const mandate = kind === undefined ? undefined : kindMandate(this.parts.decider().plane.tasks, kind, txn);
    const token = { txn, path, scope: stated, requestingWorkload: 'gateway', issuedAt, expires, madeOf, session };
    return { ...token, provedAt, mandate };
  }

  private async begin(request: ExchangeRequest, actor: PathMember | undefined): Promise<Exchanged> {
    const { details, requestContext, prompt, requestingWorkload } = request;
    const ofIdJag = await this.byIdJag(request);
    const proven =
      ofIdJag ??
      (await this.parts.prover.prove(
        request.subjectToken,
        request.subjectTokenType,
        'subject_token',
        requestingWorkload,
      ));
    if (proven.details !== undefined && request.authorizationDetails !== undefined)
      throw new ExchangeError('invalid_request', 'the subject_token has authorization_details; send no others');
    const authorizationDetails = proven.details ?? request.authorizationDetails;
    // RFC 6749, section 3.3: by default all that the credential covers.
    const { scope = proven.scope } = request;
    const now = this.parts.clock();
    const path = actor === undefined ? proven.path : withActor(proven.path, actor);
    const txn = this.parts.nextTransaction(now);
    const promptHash = prompt === undefined ? undefined : this.parts.hashPrompt(prompt);
    const { tasks: kinds } = this.parts.decider().plane;
    const kind = kindOf(kinds, scope);
    const limits = { ...this.parts.limits(), ...lifetimeOf(kinds, kind) };
    const first = { proven: { ...proven, path }, txn, scope, details, requestContext, promptHash, requestingWorkload };
    const token = firstToken(first, limits, now);
    if (ofIdJag !== undefined) {
      const [user, agent] = ofIdJag.path;
      await this.issuance.mayHandOn({ ...token, path: [user] }, agent.uid);
    }
    if (actor !== undefined) await this.issuance.mayHandOn({ ...token, path: proven.path }, actor.uid);
    const { mandate, proposal } = await this.issuance.firstMandate(token, kind, authorizationDetails, prompt);
    if (prompt !== undefined) this.parts.decider().memory.addPrompt(txn, prompt);
    const bound = this.bound({ ...token, mandate }, this.registeredKey(request, actor) ?? request.provedKey);
    return proposal === undefined ? { token: bound } : { token: bound, proposal };
  }

  /** Returns the user and the agent of an ID-JAG; undefined for another credential. */
  private async byIdJag(request: ExchangeRequest): Promise<ProvenByIdJag | undefined> {
    const { subjectToken, subjectTokenType, requestingWorkload, provedKey, onUsed } = request;
    if (subjectTokenType !== TOKEN_TYPES.idJag) return undefined;
    const proven = await this.parts.idJags.prove(subjectToken, requestingWorkload, provedKey);
    onUsed?.(proven.used);
    return proven;
  }

  private async replace(request: ExchangeRequest, actor: PathMember | undefined): Promise<TransactionToken> {
    const { scope, details, requestContext, prompt, requestingWorkload, authorizationDetails } = request;
    if (actor === undefined)
      throw new ExchangeError(
        'invalid_request',
        'a transaction token is exchanged with the actor_token of who works on',
      );
    if (details !== undefined || requestContext !== undefined || prompt !== undefined)
      throw new ExchangeError('invalid_request', 'the details of a transaction are said once, at its beginning');
    const parent = await this.verifiedSubject(request.subjectToken);
    // Otherwise a thief could exchange a bound token for a bearer token.
    const { provedKey } = request;
    if (parent.boundTo !== undefined && parent.boundTo !== provedKey)
      throw new ExchangeError('invalid_dpop_proof', 'the token is bound to a key; send a proof by that key');
    const now = this.parts.clock();
    const { tasks: kinds } = this.parts.decider().plane;
    const limits = { ...this.parts.limits(), ...lifetimeOf(kinds, parent.mandate?.kind) };
    const present = presentOf(parent.path);
    // The present actor may narrow the token for itself; that is no delegation.
    const isOwn = sameUid(present.uid, actor.uid);
    const token = isOwn
      ? narrowedToken(parent, scope, requestingWorkload, limits, now)
      : handedOn(parent, actor, scope, requestingWorkload, limits, now);
    if (!isOwn) await this.issuance.mayHandOn(parent, actor.uid);
    const mandate =
      authorizationDetails === undefined
        ? token.mandate
        : await this.issuance.within(token, parent.mandate, authorizationDetails);
    const key = this.registeredKey(request, actor);
    // The proof is by the present actor: it proves nothing of the next.
    if (key === undefined && !isOwn && parent.boundTo !== undefined) return { ...token, mandate, boundTo: provedKey };
    return this.bound({ ...token, mandate }, key ?? provedKey);
  }

  /**
   * Binds a token to the key that was proved, which raises the assurance of an authenticated identity. A key that is registered for
   * another identity raises nothing.
   */
  private bound(token: TransactionToken, boundTo: string | undefined): TransactionToken {
    const { boundTo: _another, ...rest } = token;
    if (boundTo === undefined) return rest;
    const path = [...token.path] as [PathMember, ...PathMember[]];
    const present = presentOf(path);
    const owner = this.parts.ownerOf(boundTo);
    const isAnothers = owner !== undefined && !sameUid(owner, present.uid);
    if (present.assurance === 2 && !isAnothers) path[path.length - 1] = { ...present, assurance: 3 };
    return { ...rest, path, boundTo };
  }

  /** Returns the key that was named for the next actor. @throws {ExchangeError} if it is not registered for the actor */
  private registeredKey({ actorKey }: ExchangeRequest, actor: PathMember | undefined): string | undefined {
    if (actorKey === undefined) return undefined;
    const owner = this.parts.ownerOf(actorKey);
    if (actor === undefined || owner === undefined || !sameUid(owner, actor.uid))
      throw new ExchangeError(
        'invalid_request',
        'actor_jkt is not the thumbprint of a key that is registered as that of the actor',
      );
    return actorKey;
  }

  private async verifiedSubject(text: string): Promise<TransactionToken> {
    try {
      return await this.parts.read(text);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      throw new ExchangeError('invalid_grant', `subject_token: ${error.message}`, { cause: error });
    }
  }

  private async actor({
    actorToken,
    actorTokenType,
    requestingWorkload,
  }: ExchangeRequest): Promise<PathMember | undefined> {
    if (actorToken === undefined) return undefined;
    if (actorTokenType === undefined)
      throw new ExchangeError('invalid_request', 'actor_token comes with its actor_token_type');
    const { path } = await this.parts.prover.prove(actorToken, actorTokenType, 'actor_token', requestingWorkload);
    return presentOf(path);
  }
}

/** Returns the kind that a scope chooses; undefined for the default kind. @throws {ExchangeError} if it chooses two */
function kindOf(kinds: TaskKinds | undefined, scope: readonly string[]): string | undefined {
  if (kinds === undefined) return undefined;
  const chosen = kindsFor(kinds, scope);
  if (chosen.length > 1)
    throw new ExchangeError('invalid_scope', `the scope chooses several kinds of task: ${chosen.join(', ')}`);
  return chosen[0] === kinds.usual ? undefined : chosen[0];
}

function lifetimeOf(kinds: TaskKinds | undefined, kind: string | undefined): { lifetime?: Seconds } {
  const lifetime = kinds?.kinds.get(kind ?? kinds.usual)?.lifetime;
  return lifetime === undefined ? {} : { lifetime };
}
