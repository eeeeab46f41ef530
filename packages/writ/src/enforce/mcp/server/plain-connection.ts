import type { Gateway } from '../gateway/gateway.js';
import type { CallResult } from '../protocol/result.js';
import { answerPlainly, type PlainCall, plainCallIn } from './plain-call.js';
import type { RequestContext } from './request-context.js';

type Id = string | number;

/** Plain calls of the one client of a connection, beside the SDK, which has everything else. */
export class PlainConnection {
  private readonly inFlight = new Map<Id, AbortController>();
  /** What calls came to that the SDK answers. */
  private readonly answered = new Map<Id, Promise<CallResult>>();

  constructor(
    private readonly gateway: Gateway,
    private readonly context: RequestContext,
  ) {}

  /**
   * Answers a message, when it is a plain call.
   *
   * @param answer sends a message to the client
   * @param pass hands the message to the SDK
   */
  take(message: Readonly<Record<string, unknown>>, answer: (text: string) => void, pass: () => void): void {
    if (message.method === 'notifications/cancelled') this.cancel(message.params);
    const plain = plainCallIn(message);
    // Two at once under one id are for the SDK to tell apart.
    if (plain === undefined || this.inFlight.has(plain.id)) pass();
    else void this.call(plain, answer, pass);
  }

  private async call(plain: PlainCall, answer: (text: string) => void, pass: () => void): Promise<void> {
    const { id } = plain;
    const controller = new AbortController();
    this.inFlight.set(id, controller);
    const answered = await answerPlainly(this.gateway, plain, this.context, controller.signal);
    this.inFlight.delete(id);
    // Who has cancelled it waits for nothing.
    if (controller.signal.aborted) return;
    if ('body' in answered) {
      answer(answered.body);
      return;
    }
    this.answered.set(id, answered.unusual);
    pass();
  }

  /** With what a request came that the SDK has. */
  contextOf(id: Id): RequestContext {
    const answered = this.answered.get(id);
    if (answered === undefined) return this.context;
    this.answered.delete(id);
    return { ...this.context, answered };
  }

  private cancel(params: unknown): void {
    const { requestId, reason } = (params ?? {}) as { readonly requestId?: Id; readonly reason?: unknown };
    if (requestId !== undefined)
      this.inFlight.get(requestId)?.abort(typeof reason === 'string' ? reason : 'it was cancelled');
  }

  /** The client is gone: nobody waits for what is under way. */
  close(): void {
    for (const controller of this.inFlight.values()) controller.abort('the client is gone');
  }
}
