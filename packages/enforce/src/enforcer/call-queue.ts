import { setTimeout as sleep } from 'node:timers/promises';
import { uidText } from '@writ/cedar/uid';
import {
  type AccessRequest,
  type ApprovalDesk,
  type Carried,
  type Decision,
  type DecisionPoint,
  explainBriefly,
  isPermitted,
  isRequestable,
  type Refusal,
  type RequestReference,
} from '@writ/sdk/authzen';
import { every } from '@writ/sdk/lib/every';
import { withResolvers } from '@writ/sdk/lib/with-resolvers';
import { JustificationNeeded } from '../errors.js';
import type { HoldSettings } from './hold-settings.js';

/** The task and the client of a call that may be held. */
export interface HeldCall {
  /** The task in which calls depend on each other. */
  readonly task: string;
  readonly signal?: AbortSignal | undefined;
  /**
   * The reason that the user gave; `none` if the user can be asked and was not yet, undefined if the user cannot be
   * asked.
   */
  readonly justification?: { readonly said: string } | 'declined' | 'none' | undefined;
  /** Called every 2 s while the call waits: for what, and for how many milliseconds. */
  readonly onWait?: ((message: string, ms: number) => void) | undefined;
}

/** A decision, and the request for access that it led to. */
export interface HeldDecision {
  readonly decision: Decision;
  readonly reference?: RequestReference | undefined;
  /** Call it when the call has finished; dependent calls wait until then. */
  readonly release?: () => void;
}

const NOTIFY_EVERY_MS = 2_000;
const FIRST_LOOK_MS = 100;
const MAX_LOOK_MS = 2_000;

/**
 * Holds calls that cannot be decided yet, or that somebody has to approve, for a bounded time. A call that is not
 * permitted in that time is denied, and the denial is recorded.
 *
 * A call depends on an earlier one of its task that waits for a fact, if it is about the same resource or names that
 * in its arguments: it waits for the earlier call, and is refused if that is denied. Other calls do not wait.
 */
export class CallQueue {
  /** The calls that wait for a fact, by task. */
  private readonly deferred = new Map<string, Set<Deferred>>();
  /** The requests that calls of here made and wait for, with the number of those calls. */
  private readonly waited = new Map<string, number>();

  constructor(
    private readonly point: DecisionPoint,
    private readonly settings: () => HoldSettings,
    private readonly desk: ApprovalDesk,
  ) {}

  /** Decides a call. */
  async decide(request: AccessRequest, carried: Carried, call: HeldCall): Promise<HeldDecision> {
    const before = this.dependedOn(call.task, request);
    if (before !== undefined && !(await before.permitted)) {
      const decision = await this.point.decide(request, carried);
      if (isPermitted(decision)) await this.point.report(decision.id, 'not-executed');
      return { decision: await this.end(decision, 'not_resolved', `it depends on ${before.id}, which was denied`) };
    }
    const decision = await this.point.decide(request, carried);
    const again = { ...request, context: { ...request.context, again: decision.id } };
    if (decision.result === 'defer') return this.defer(decision, again, carried, call);
    return this.stepUp(decision, again, carried, call);
  }

  private async stepUp(
    decision: Decision,
    request: AccessRequest,
    carried: Carried,
    call: HeldCall,
  ): Promise<HeldDecision> {
    if (!isRequestable(decision)) return { decision };
    const { stepUp, waitMs, justify } = this.settings();
    const { justification } = call;
    if (justify && justification === 'none' && (await this.desk.find?.(decision)) === undefined)
      throw new JustificationNeeded(explainBriefly(decision));
    if (justify && justification === 'declined')
      return { decision: await this.end(decision, 'not_approved', 'its user does not want to ask for it') };
    const said = typeof justification === 'object' ? justification.said : undefined;
    let reference = await this.desk.ask(decision, said);
    if (reference === undefined || stepUp === 'reference') return { decision, reference };
    const { unapprovable } = reference;
    // To wait for what cannot come would only take the client's time.
    if (unapprovable !== undefined && reference.status === 'pending') return { decision, reference };
    const began = performance.now();
    const { id } = reference;
    const notify = (): void => call.onWait?.(`waiting for the approval ${id}`, Math.round(performance.now() - began));
    notify();
    // A client that cannot be notified waits for its answer all the same.
    const stop = every(NOTIFY_EVERY_MS, notify, () => undefined);
    const leave = this.waitFor(reference);
    try {
      if (reference.status === 'pending') reference = await this.desk.settled(id, waitMs, call.signal);
    } finally {
      await stop();
      const isLast = leave();
      // Nobody would use the approval: people are not asked any longer.
      if (isLast && call.signal?.aborted === true && reference?.status === 'pending')
        await this.desk.withdraw?.(id, 'gateway').catch(() => undefined);
    }
    if (reference.status === 'approved') {
      // An approval is not a permit: the call is decided again, on the current facts.
      const again = await this.point.decide(request, carried);
      if (again.result === 'defer') return this.defer(again, request, carried, call);
      if (!isRequestable(again)) return { decision: again, reference };
      return { decision: await this.end(again, 'not_approved', 'it has to be approved once more'), reference };
    }
    const why =
      reference.status === 'pending'
        ? `nobody approved it within ${Math.round(waitMs / 1_000)} s`
        : `it was ${reference.status}`;
    return { decision: await this.end(decision, 'not_approved', why), reference };
  }

  /** Counts a call that waits for a request. @returns a function that ends it, and says whether the request was made here for it alone */
  private waitFor({ id, isNew }: RequestReference): () => boolean {
    const known = this.waited.get(id);
    if (known === undefined && isNew !== true) return () => false;
    this.waited.set(id, (known ?? 0) + 1);
    return () => {
      const left = (this.waited.get(id) ?? 1) - 1;
      if (left > 0) this.waited.set(id, left);
      else this.waited.delete(id);
      return left <= 0;
    };
  }

  private async defer(
    first: Decision,
    request: AccessRequest,
    carried: Carried,
    call: HeldCall,
  ): Promise<HeldDecision> {
    const { deferMs, deferred } = this.settings();
    const waiting = this.deferred.get(call.task) ?? new Set();
    if (waiting.size >= deferred) {
      const why = `${waiting.size} calls of this task wait already`;
      return { decision: await this.end(first, 'too_many_deferred', why) };
    }
    const held = new Deferred(first.id, request);
    waiting.add(held);
    this.deferred.set(call.task, waiting);
    const release = (): void => {
      waiting.delete(held);
      if (waiting.size === 0) this.deferred.delete(call.task);
    };
    let permitted = false;
    try {
      const began = performance.now();
      let decision = first;
      for (let look = FIRST_LOOK_MS; decision.result === 'defer'; look = Math.min(look * 2, MAX_LOOK_MS)) {
        const left = deferMs - (performance.now() - began);
        if (left <= 0 || call.signal?.aborted === true) break;
        call.onWait?.(first.refusal?.message ?? 'waiting for facts', Math.round(performance.now() - began));
        await sleep(Math.min(look, left), undefined, { ref: false });
        decision = await this.point.decide(request, carried);
      }
      const decided: HeldDecision =
        decision.result === 'defer'
          ? { decision: await this.end(decision, 'not_resolved', 'what it waited for did not come in time') }
          : await this.stepUp(decision, request, carried, call);
      permitted = isPermitted(decided.decision);
      if (!permitted) return decided;
      // Calls keep their order: a dependent call continues when this one has finished.
      return {
        ...decided,
        release: () => {
          release();
          held.settle(true);
        },
      };
    } finally {
      if (!permitted) {
        release();
        held.settle(false);
      }
    }
  }

  private dependedOn(task: string, request: AccessRequest): Deferred | undefined {
    for (const held of [...(this.deferred.get(task) ?? [])].reverse()) if (held.concerns(request)) return held;
    return undefined;
  }

  /** Denies a call finally, and records that where the decision point can. */
  private async end(decision: Decision, code: Refusal['code'], message: string): Promise<Decision> {
    const refusal: Refusal = { code, message };
    const ended = await this.point.denyFinally?.(decision, refusal);
    return ended ?? { ...decision, result: 'deny', refusal };
  }
}

/** A call that waits for a fact. */
class Deferred {
  private readonly outcome = withResolvers<boolean>();

  constructor(
    readonly id: string,
    private readonly request: AccessRequest,
  ) {}

  /** Resolves to whether the call was permitted. */
  get permitted(): Promise<boolean> {
    return this.outcome.promise;
  }

  concerns({ resource, context }: AccessRequest): boolean {
    const { resource: held } = this.request;
    return uidText(resource) === uidText(held) || names(context?.input, held.id);
  }

  settle(permitted: boolean): void {
    this.outcome.resolve(permitted);
  }
}

/** Returns whether a text is anywhere in a value. */
function names(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value === text;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((one) => names(one, text));
}
