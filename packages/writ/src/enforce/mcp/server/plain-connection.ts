import type { Gateway } from '../gateway/gateway.js';
import type { CallResult } from '../protocol/result.js';
import { answerPlainly, type PlainCall, plainCallIn } from './plain-call.js';
import type { RequestContext } from './request-context.js';

type Id = string | number;

/** Answers the plain calls of the one client of a connection. The SDK handles everything else. */
export class PlainConnection {
  private readonly inFlight = new Map<Id, AbortController>();
  /** The results of calls that the SDK has to answer. */
  private readonly answered = new Map<Id, Promise<CallResult>>();

  constructor(
    private readonly gateway: Gateway,
    private readonly context: RequestContext,
  ) {}

  /**
   * Answers a message if it is a plain call.
   *
   * @param answer sends a message to the client
   * @param pass hands the message to the SDK
   */
  take(message: Readonly<Record<string, unknown>>, answer: (text: string) => void, pass: () => void): void {
    if (message.method === 'notifications/cancelled') this.cancel(message.params);
    const plain = plainCallIn(message);
    // The SDK handles two calls at once under one id.
    if (plain === undefined || this.inFlight.has(plain.id)) pass();
    else void this.call(plain, answer, pass);
  }

  private async call(plain: PlainCall, answer: (text: string) => void, pass: () => void): Promise<void> {
    const { id } = plain;
    const controller = new AbortController();
    this.inFlight.set(id, controller);
    const answered = await answerPlainly(this.gateway, plain, this.context, controller.signal);
    this.inFlight.delete(id);
    // A client that has cancelled a call waits for no answer.
    if (controller.signal.aborted) return;
    if ('body' in answered) {
      answer(answered.body);
      return;
    }
    this.answered.set(id, answered.unusual);
    pass();
  }

  /** Returns the context of a request that the SDK handles. */
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

  /** Stops the calls in flight, because the client is gone. */
  close(): void {
    for (const controller of this.inFlight.values()) controller.abort('the client is gone');
  }
}
