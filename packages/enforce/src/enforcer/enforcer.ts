import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Change,
  type DecisionId,
  type DecisionPoint,
  isPermitted,
  type Obligation,
  OUTCOME_DEADLINE_MS,
} from '@writ/sdk/authzen';
import type { Log } from '@writ/sdk/lib/log';
import { type Changed, type ChangeResult, ObligationError, obligationsOn } from '@writ/sdk/obligations';
import type { Attempts } from '../attempts/attempts.js';
import { JustificationNeeded, MappingError } from '../errors.js';
import { changeInput, changeValue } from '../obligations/changes.js';
import type { CallQueue, HeldCall, HeldDecision } from './call-queue.js';
import { type CallingClient, clientName, type OperationCaller } from './caller.js';
import { taskOf } from './carried.js';
import { decideAll, obligationsOf } from './decide-all.js';
import { HandedOn } from './handed-on.js';
import { OpenPermits } from './open-permits.js';
import type { Changeable, Operation, Refused, Requests } from './operation.js';
import { Permit, type PermitTools } from './permit.js';

type Unmapped = Extract<Refused, { kind: 'mapping' }>;

interface EnforcerParts {
  readonly point: DecisionPoint;
  /** Holds operations that wait. Those of one task depend on each other. */
  readonly queue: Pick<CallQueue, 'decide'>;
  /** Receives operations that are refused without a decision. */
  readonly attempts: Pick<Attempts, 'add'>;
  /** The part that refuses, as attempts name it: `gateway`, `proxy`. */
  readonly at: string;
  readonly log: Log;
  /** The keyed hash of what obligations change. */
  readonly hash: (text: string) => string;
  /** Carries out obligations on results; by default a result is one value. */
  readonly change?: ChangeResult | undefined;
  /** When a permit that was dropped ends; by default when its outcome would give nothing back any more. */
  readonly deadlineMs?: number | undefined;
}

/**
 * Stands between a decision point and the faces of all protocols: decides an operation, holds it if it has to wait, and gives out a
 * permit that the face ends. An operation without a permit is not carried out.
 */
export class Enforcer {
  /** The texts that callers are handed before the end of an operation. */
  readonly handedOn = new HandedOn();
  private readonly tools: PermitTools;
  private readonly open: OpenPermits;
  private readonly running = new OpenPermits();
  private isClosed = false;

  constructor(private readonly parts: EnforcerParts) {
    const { point, hash, change = changeValue, log, deadlineMs = OUTCOME_DEADLINE_MS } = parts;
    this.open = new OpenPermits(deadlineMs);
    this.tools = { point, hash, change, log, handedOn: this.handedOn, running: this.running };
  }

  /** Decides an operation. Never throws because of the operation, the caller or the decision point. */
  async begin(operation: Operation, by: OperationCaller): Promise<Permit | Refused> {
    if (this.isClosed) return STOPPING;
    let requests: Requests;
    try {
      requests = operation.requests();
    } catch (error) {
      return this.unmapped(operation.name, by.client, error);
    }
    let answers: readonly [HeldDecision, ...HeldDecision[]];
    try {
      answers = await this.decided(requests, by);
    } catch (error) {
      if (error instanceof JustificationNeeded) return { kind: 'justification', error };
      return { kind: 'unavailable', error };
    }
    const last = answers[answers.length - 1] as HeldDecision;
    if (!isPermitted(last.decision)) {
      last.release?.();
      return refusedBy(last);
    }
    return this.permitted(operation, answers);
  }

  /** Returns the permit of an operation whose end comes in another request than its begin. */
  continued(decisionId: DecisionId): Permit {
    const of = { ids: [decisionId], obligations: [], input: undefined, changes: NO_CHANGES, release: nothing } as const;
    return new Permit(this.tools, { ...of, isContinued: true });
  }

  /** Returns what an operation is mapped to. One that cannot be mapped is counted as an attempt. */
  mapped<T>(
    operation: string,
    client: CallingClient,
    map: () => T,
  ): { readonly kind: 'mapped'; readonly value: T } | Unmapped {
    try {
      return { kind: 'mapped', value: map() };
    } catch (error) {
      return this.unmapped(operation, client, error);
    }
  }

  /**
   * Permits nothing more, waits for the operations under way for a bounded time, and ends the permits of all others as `unknown`.
   *
   * @param drainMs how long operations may still take
   */
  async close(drainMs: number): Promise<void> {
    this.isClosed = true;
    const until = performance.now() + drainMs;
    while (!(this.open.isEmpty && this.running.isEmpty) && performance.now() < until) await sleep(DRAIN_LOOK_MS);
    await Promise.all([this.open.dropAll(), this.running.dropAll()]);
  }

  private unmapped(operation: string, client: CallingClient, error: unknown): Unmapped {
    this.attempted(operation, 'invalid', client);
    if (error instanceof MappingError) return { kind: 'mapping', error };
    this.parts.log.error(error, `${operation} could not be mapped`);
    return { kind: 'mapping', error: new MappingError(`${operation} cannot be mapped`) };
  }

  private async decided(requests: Requests, by: OperationCaller): Promise<readonly [HeldDecision, ...HeldDecision[]]> {
    const { queue, point, log } = this.parts;
    const { client, carried, signal, justification, onWait } = by;
    const call: HeldCall = { task: taskOf(client, carried), signal, justification, onWait };
    return decideAll(requests, {
      decide: async (request) => {
        let answer: HeldDecision;
        try {
          answer = await queue.decide(request, carried, call);
        } catch (error) {
          if (!(error instanceof JustificationNeeded)) {
            log.error(error, 'no decision');
            this.attempted(request.action.name, 'unavailable', client);
          }
          throw error;
        }
        if (requests.length === 1) return answer;
        // The next request is of the same operation, and does not wait until this operation has finished.
        answer.release?.();
        return { decision: answer.decision, reference: answer.reference };
      },
      decisionIn: ({ decision }) => decision,
      cancel: async ({ decision, release }) => {
        await point
          .report(decision.id, 'not-executed')
          .catch((error: unknown) => log.error(error, `the outcome of ${decision.id} was not reported`));
        release?.();
      },
    });
  }

  private async permitted(
    { name, changeable }: Operation,
    answers: readonly [HeldDecision, ...HeldDecision[]],
  ): Promise<Permit | Refused> {
    const decisions = answers.map(({ decision }) => decision);
    const [{ decision, release = nothing }] = answers;
    const obligations = obligationsOf(decisions);
    const ids = decisions.map(({ id }) => id) as [DecisionId, ...DecisionId[]];
    if (obligations.length === 0)
      return this.opened({ ids, obligations, input: changeable?.input, changes: NO_CHANGES, release });
    try {
      const { result: input, changes } = await this.prepared(changeable, obligations);
      return this.opened({ ids, obligations, input, changes, release });
    } catch (cause) {
      const undone = { ids, obligations: [], input: undefined, changes: NO_CHANGES, release };
      await new Permit(this.tools, undone).done('not-executed');
      if (cause instanceof ObligationError) return { kind: 'obligation', decision, error: cause };
      this.parts.log.error(cause, `the input of ${name} could not be changed`);
      return {
        kind: 'obligation',
        decision,
        error: new ObligationError('its input could not be changed as it must be'),
      };
    }
  }

  /** Carries out the obligations on the input, which still has to fit. @throws {ObligationError} if one cannot be carried out */
  private async prepared(changeable: Changeable | undefined, obligations: readonly Obligation[]): Promise<Changed> {
    const onResult = obligationsOn('result', obligations);
    if (changeable === undefined) throw new ObligationError('what the permit asks for cannot be carried out on it');
    if (onResult.length > 0 && !changeable.result)
      throw new ObligationError('its result passes unread, and has to be changed');
    const changed = await changeInput(changeable.input, obligations, this.parts.hash);
    const misfit = changed.changes.length === 0 ? undefined : changeable.schemaError?.(changed.result);
    if (misfit !== undefined) throw new ObligationError(`changed as it must be, it does not fit: ${misfit}`);
    return changed;
  }

  private opened(of: ConstructorParameters<typeof Permit>[1]): Permit | Promise<Refused> {
    const permit = new Permit(this.tools, of);
    // It was decided on meanwhile, and nothing has run it.
    if (this.isClosed) return permit.done('not-executed').then(() => STOPPING);
    this.open.add(permit);
    return permit;
  }

  private attempted(operation: string, reason: 'invalid' | 'unavailable', client: CallingClient): void {
    this.parts.attempts.add({ at: this.parts.at, operation, reason, caller: clientName(client) });
  }
}

/** How often {@link Enforcer.close} looks whether all is over. */
const DRAIN_LOOK_MS = 25;
const STOPPING: Refused = { kind: 'unavailable', error: new Error('this enforcement point stops') };
const nothing = (): void => undefined;
const NO_CHANGES: readonly Change[] = [];

function refusedBy({ decision, reference }: HeldDecision): Refused {
  const isHeld =
    decision.result === 'step_up' && reference?.status === 'pending' && reference.unapprovable === undefined;
  return isHeld && reference !== undefined
    ? { kind: 'held', decision, reference }
    : { kind: 'denied', decision, reference };
}
