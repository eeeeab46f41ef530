import { type EntityUid, uidText } from '@writ/cedar';
import { explainBriefly, isPermitted } from '@writ/sdk/authzen';
import type { GrantTerms } from '../../lib/authorization-details.js';
import { ExchangeError } from '../../provenance/errors.js';
import { type Mandate, mandateOf, narrowed } from '../../provenance/mandate.js';
import { presentOf, type TransactionToken } from '../../provenance/transaction-token.js';
import { writItself } from '../caller.js';
import type { Decider } from '../decide.js';
import { type MandateProposal, type Proposer, proposalOf } from '../mandate-draft/proposal.js';
import { TASK_ACTIONS } from '../own-actions.js';
import type { Planner } from '../planner/planner.js';
import { provenanceOfToken } from './token-provenance.js';

/** A mandate, and how it was narrowed to a prompt. */
interface GrantedMandate {
  readonly mandate: Mandate | undefined;
  readonly proposal?: MandateProposal;
}

/** Decides what a token needs before it is issued: the delegation, and the mandate of the task. */
export class Issuance {
  /** @param nextId names where quantities of a mandate count */
  constructor(
    private readonly decider: () => Decider,
    private readonly nextId: () => string,
    private readonly planner: () => Planner | undefined,
  ) {}

  /**
   * Returns the mandate of a new task: that of its kind, or what was asked for within it; narrowed to the prompt if its kind says so.
   *
   * @throws {ExchangeError} if it is not permitted
   */
  async firstMandate(
    token: TransactionToken,
    kind: string | undefined,
    asked: readonly GrantTerms[] | undefined,
    prompt: string | undefined,
  ): Promise<GrantedMandate> {
    const mandate = await this.grantedMandate(token, kind, asked);
    const { tasks: kinds, usualMandate } = this.decider().plane;
    const by = kinds?.kinds.get(kind ?? kinds.usual)?.fromPrompt ?? [];
    const whole = mandate ?? usualMandate;
    if (by.length === 0 || prompt === undefined || whole === undefined) return { mandate };
    const proposal = await this.propose(prompt, whole, by);
    return { mandate: proposal.mandate === whole ? mandate : proposal.mandate, proposal };
  }

  /** Returns a mandate narrowed to a prompt. @throws {ExchangeError} if the planner proposes nothing, or more than the mandate */
  propose(prompt: string, whole: Mandate, by: readonly Proposer[]): Promise<MandateProposal> {
    const { planner, nextId } = this;
    return proposalOf(prompt, whole, by, { plane: this.decider().plane, planner, nextId });
  }

  private async grantedMandate(
    token: TransactionToken,
    kind: string | undefined,
    asked: readonly GrantTerms[] | undefined,
  ): Promise<Mandate | undefined> {
    const { tasks: kinds } = this.decider().plane;
    if (kinds !== undefined && kind !== undefined) {
      const mandate = mandateOf(kind, kinds.kinds.get(kind)?.mandate ?? [], token.txn);
      await this.mayTask(TASK_ACTIONS.start, token, kind, mandate, asked);
      return asked === undefined ? mandate : this.within(token, mandate, asked);
    }
    return asked && this.within(token, undefined, asked);
  }

  /** Returns the mandate that was asked for. Narrowing needs no decision; a wider one does, and then has quantities of its own. */
  async within(token: TransactionToken, parent: Mandate | undefined, asked: readonly GrantTerms[]): Promise<Mandate> {
    const from = parent ?? this.decider().plane.usualMandate ?? { kind: '', grants: 'any' };
    const id = this.nextId();
    const result = narrowed(from, asked, id);
    if ('mandate' in result) return result.mandate;
    const wider = mandateOf(from.kind, asked, id);
    await this.mayTask(TASK_ACTIONS.widen, token, from.kind, wider, asked);
    return wider;
  }

  /** Decides whether everybody on the path may delegate this task to the next actor. @throws {ExchangeError} if not */
  async mayHandOn(from: TransactionToken, to: EntityUid): Promise<void> {
    const why = await this.refusalOf(TASK_ACTIONS.delegate, from, to, { scope: from.scope });
    if (why === undefined) return;
    const who = uidText(presentOf(from.path).uid);
    throw new ExchangeError('access_denied', `${who} may not hand this task to ${uidText(to)}: ${why}`);
  }

  /** Decides whether everybody on the path may have this mandate. Policies see what is asked for in the context. */
  private async mayTask(
    action: string,
    token: TransactionToken,
    kind: string,
    mandate: Mandate,
    asked: readonly GrantTerms[] | undefined,
  ): Promise<void> {
    const context = { scope: token.scope, asked: namesIn(asked ?? (mandate.grants === 'any' ? [] : mandate.grants)) };
    const why = await this.refusalOf(action, token, { type: 'Task', id: kind }, context);
    if (why === undefined) return;
    const who = uidText(presentOf(token.path).uid);
    if (action === TASK_ACTIONS.start)
      throw new ExchangeError('access_denied', `${who} may not start a task of the kind ${kind}: ${why}`);
    throw new ExchangeError(
      'invalid_authorization_details',
      `this is more than the mandate covers, and ${who} may not widen it: ${why}`,
    );
  }

  /** Decides and records. @returns why it is not permitted; undefined if it is */
  private async refusalOf(
    action: string,
    token: TransactionToken,
    resource: EntityUid,
    context: Record<string, unknown>,
  ): Promise<string | undefined> {
    const [originator] = token.path;
    const request = { subject: originator.uid, action: { name: action }, resource, context };
    const record = await this.decider().decide(request, writItself('token-service'), provenanceOfToken(token));
    return isPermitted(record) ? undefined : explainBriefly(record);
  }
}

/** Returns everything that the grants of a mandate name. */
function namesIn(grants: readonly GrantTerms[]): Record<'actions' | 'effects' | 'resources', string[]> {
  const all = (part: 'actions' | 'effects' | 'resources'): string[] => [
    ...new Set(grants.flatMap((one) => one[part] ?? [])),
  ];
  return { actions: all('actions'), effects: all('effects'), resources: all('resources') };
}
