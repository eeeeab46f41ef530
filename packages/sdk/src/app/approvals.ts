import type { Decision } from '../authzen/decision.js';
import { DecisionPointError } from '../client/errors.js';
import { remoteDesk } from '../client/remote-desk.js';
import type { Answer } from './answer.js';
import type { FixedCall } from './call.js';
import { CallError } from './errors.js';
import type { Line } from './line.js';
import { type ReadAnswer, withoutApproval } from './read-answer.js';

/** How long somebody is waited for. */
export interface WaitOptions {
  readonly waitMs: number;
  /** Why the call is needed, for the person who approves it. */
  readonly justification?: string;
  /** Gives up when it is aborted; a request that was made for this call is withdrawn. */
  readonly signal?: AbortSignal;
}

interface Known {
  readonly asked: FixedCall;
  readonly decision: Decision;
}

/** Asks for approvals of calls, and decides them again. */
export class Approvals {
  private readonly known = new WeakMap<Answer, Known>();

  constructor(
    private readonly line: Line,
    private readonly ask: (asked: FixedCall) => Promise<Answer>,
  ) {}

  /** Remembers what was asked, for as long as the answer is there. */
  know({ answer, decision }: ReadAnswer, asked: FixedCall): void {
    this.known.set(answer, { asked, decision });
  }

  /** Requests a call, waits, and decides it once more if it was approved. */
  async request(answer: Answer, { waitMs, justification, signal }: WaitOptions): Promise<Answer> {
    const known = this.known.get(answer);
    if (answer.result !== 'step_up' || answer.requestable === undefined || known === undefined)
      throw new CallError('nobody can be asked to permit this: pass an answer of this client that is `requestable`');
    const { asked, decision } = known;
    const desk = remoteDesk(this.line, () => ({
      request: asked.request,
      expires: answer.requestable?.expiresAt ?? '',
    }));
    let reference = await desk.ask(decision, justification);
    if (reference === undefined) throw new DecisionPointError('the request for access has no reference');
    const { id, isNew } = reference;
    if (reference.status === 'pending') {
      if (reference.unapprovable === undefined) reference = await desk.settled(id, waitMs, signal);
      if (signal?.aborted === true && isNew === true && reference.status === 'pending')
        await desk.withdraw?.(id, 'client').catch(() => undefined);
    }
    if (reference.status === 'approved') {
      // An approval is not a permit: the call is decided again, on the current facts.
      const { request } = asked;
      return this.ask({ ...asked, request: { ...request, context: { ...request.context, again: answer.id } } });
    }
    const why =
      reference.status !== 'pending'
        ? `it was ${reference.status}`
        : (reference.unapprovable ?? `nobody approved it within ${Math.round(waitMs / 1_000)} s`);
    return withoutApproval(answer, why, { accessRequest: reference });
  }
}
