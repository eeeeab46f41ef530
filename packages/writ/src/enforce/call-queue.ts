import { setTimeout as sleep } from 'node:timers/promises';
import { uidText } from '@writ/cedar';
import { type Decision, explainBriefly, isPermitted, isRequestable, type Refusal } from '../decide/decision.js';
import type { DecisionPoint } from '../decide/point.js';
import type { AccessRequest, Carried } from '../decide/request.js';
import { every } from '../lib/every.js';
import { withResolvers } from '../lib/with-resolvers.js';
import { JustificationNeeded } from './errors.js';
import type { HoldSettings } from './hold-settings.js';

/** Where a call that was stopped can be asked for. */
export interface ApprovalDesk {
  /** What was asked for the same before, and still counts. */
  find?(decision: Decision): Promise<RequestReference | undefined>;
  /** Asks, or finds what was asked for the same before. Undefined when nobody can be asked. */
  ask(decision: Decision, justification?: string): Promise<RequestReference | undefined>;
  /** Waits until it is decided, for so long. @returns what it is then */
  settled(id: string, ms: number, signal: AbortSignal | undefined): Promise<RequestReference>;
}

/** A request for access, as an enforcement point sees it. */
export interface RequestReference {
  readonly id: string;
  /** As the Access Request and Approval Profile has it; what is not known is not approved. */
  readonly status: string;
}

/** Whose call it is, and who hears of it while it is held. */
export interface HeldCall {
  /** The task in which calls depend on each other. */
  readonly task: string;
  readonly signal?: AbortSignal | undefined;
  /** What the user said it is needed for; `none` when they can be asked and were not yet. Undefined when they cannot be. */
  readonly justification?: { readonly said: string } | 'declined' | 'none' | undefined;
  /** Told again and again while it waits: for what, and since how many milliseconds. */
  readonly onWait?: ((message: string, ms: number) => void) | undefined;
}

/** A decision, and what was asked for because of it. */
export interface HeldDecision {
  readonly decision: Decision;
  readonly asked?: RequestReference | undefined;
  /** To be called when the call is over: until then what depends on it waits. */
  readonly release?: () => void;
}

const NOTIFY_EVERY_MS = 2_000;
const FIRST_LOOK_MS = 100;
const MAX_LOOK_MS = 2_000;

/**
 * Holds calls that cannot be decided yet, or that somebody has to approve, for a bounded time. Whatever does not come to a permit in that time
 * is denied, and that goes on the record.
 *
 * A call that comes after one of the same task that waits for a fact, and is about the same resource or names it in its arguments, depends
 * on it: it waits for it, and is refused when that is denied. Others go on.
 */
export class CallQueue {
  /** By task: what waits for a fact. A promise of whether it was permitted. */
  private readonly deferred = new Map<string, Set<Deferred>>();

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
    if (decision.result === 'defer') return this.defer(decision, request, carried, call);
    return this.stepUp(decision, request, carried, call);
  }

  private async stepUp(
    decision: Decision,
    request: AccessRequest,
    carried: Carried,
    call: HeldCall,
  ): Promise<HeldDecision> {
    if (!isRequestable(decision)) return { decision };
    const { stepUp, wait, justify } = this.settings();
    const { justification } = call;
    if (justify && justification === 'none' && (await this.desk.find?.(decision)) === undefined)
      throw new JustificationNeeded(explainBriefly(decision));
    if (justify && justification === 'declined')
      return { decision: await this.end(decision, 'not_approved', 'its user does not want to ask for it') };
    const said = typeof justification === 'object' ? justification.said : undefined;
    let asked = await this.desk.ask(decision, said);
    if (asked === undefined || stepUp === 'reference') return { decision, asked };
    const began = performance.now();
    const { id } = asked;
    const notify = (): void => call.onWait?.(`waiting for the approval ${id}`, Math.round(performance.now() - began));
    notify();
    // A client that cannot be notified waits for its answer all the same.
    const stop = every(NOTIFY_EVERY_MS, notify, () => undefined);
    try {
      if (asked.status === 'pending') asked = await this.desk.settled(id, wait, call.signal);
    } finally {
      await stop();
    }
    if (asked.status === 'approved') {
      // What was approved is not what is permitted: it is decided anew, on what is true now.
      const again = await this.point.decide(request, carried);
      if (again.result === 'defer') return this.defer(again, request, carried, call);
      if (!isRequestable(again)) return { decision: again, asked };
      return { decision: await this.end(again, 'not_approved', 'it has to be approved once more'), asked };
    }
    const why =
      asked.status === 'pending' ? `nobody approved it within ${Math.round(wait / 1_000)} s` : `it was ${asked.status}`;
    return { decision: await this.end(decision, 'not_approved', why), asked };
  }

  private async defer(
    first: Decision,
    request: AccessRequest,
    carried: Carried,
    call: HeldCall,
  ): Promise<HeldDecision> {
    const { defer, deferred } = this.settings();
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
    let goesOn = false;
    try {
      const began = performance.now();
      let decision = first;
      for (let look = FIRST_LOOK_MS; decision.result === 'defer'; look = Math.min(look * 2, MAX_LOOK_MS)) {
        const left = defer - (performance.now() - began);
        if (left <= 0 || call.signal?.aborted === true) break;
        call.onWait?.(first.refusal?.message ?? 'waiting for facts', Math.round(performance.now() - began));
        await sleep(Math.min(look, left), undefined, { ref: false });
        decision = await this.point.decide(request, carried);
      }
      const decided: HeldDecision =
        decision.result === 'defer'
          ? { decision: await this.end(decision, 'not_resolved', 'what it waited for did not come in time') }
          : await this.stepUp(decision, request, carried, call);
      goesOn = isPermitted(decided.decision);
      if (!goesOn) return decided;
      // In their order: what depends on it goes on when it is done.
      return {
        ...decided,
        release: () => {
          release();
          held.settle(true);
        },
      };
    } finally {
      if (!goesOn) {
        release();
        held.settle(false);
      }
    }
  }

  private dependedOn(task: string, request: AccessRequest): Deferred | undefined {
    for (const held of [...(this.deferred.get(task) ?? [])].reverse()) if (held.concerns(request)) return held;
    return undefined;
  }

  /** It is denied, for good; where that can be said, it goes on the record. */
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

/** Whether a text is anywhere in a value. */
function names(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value === text;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((one) => names(one, text));
}
