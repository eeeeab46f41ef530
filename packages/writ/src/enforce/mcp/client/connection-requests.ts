import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import type { CallResult } from '../protocol/result.js';
import {
  answerTo,
  type DirectClient,
  type DirectRequests,
  messageOf,
  resultIn,
  type SentRequest,
} from './direct-requests.js';

type Json = Readonly<Record<string, unknown>>;

interface Waiting {
  readonly answered: (answer: Json) => void;
  readonly failed: (error: unknown) => void;
}

/** A connection that the SDK shares with requests of our own; their answers do not reach the SDK. */
export class SharedConnection implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];
  private readonly waiting = new Map<string, Waiting>();
  private sent = 0;

  constructor(private readonly inner: Transport) {}

  async start(): Promise<void> {
    this.inner.onmessage = (message, extra) => {
      if (!this.take(message)) this.onmessage?.(message, extra);
    };
    this.inner.onerror = (error) => this.onerror?.(error);
    this.inner.onclose = () => {
      for (const { failed } of this.waiting.values()) failed(new Error('the connection ended'));
      this.waiting.clear();
      this.onclose?.();
    };
    await this.inner.start();
  }

  setProtocolVersion(version: string): void {
    this.inner.setProtocolVersion?.(version);
  }

  send(...sent: Parameters<Transport['send']>): Promise<void> {
    return this.inner.send(...sent);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  /** Returns the requests of a client, which work while the connection is open. */
  requestsBy(client: DirectClient): DirectRequests {
    return { request: (sent) => this.request(sent, client), close: async () => undefined };
  }

  private async request(sent: SentRequest, client: DirectClient): Promise<CallResult> {
    const { signal, timeoutMs, may } = sent;
    this.sent += 1;
    const id = `writ-${this.sent}`;
    let late: NodeJS.Timeout | undefined;
    const stop = (reason: unknown): void => {
      const { failed } = this.waiting.get(id) ?? {};
      if (failed === undefined) return;
      // The server may still do it, but nobody waits for the answer.
      const params = { requestId: id, reason: String(reason) };
      this.inner.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params }).catch(() => undefined);
      failed(reason);
    };
    const gone = (): void => stop(signal?.reason);
    try {
      signal?.throwIfAborted();
      const answer = await new Promise<Json>((answered, failed) => {
        this.waiting.set(id, { answered, failed });
        late = setTimeout(() => stop(new Error(`it did not answer in ${timeoutMs} ms`)), timeoutMs);
        signal?.addEventListener('abort', gone, { once: true });
        this.inner.send(messageOf(id, sent, client) as unknown as JSONRPCMessage).catch(failed);
      });
      return resultIn(answer, may);
    } finally {
      this.waiting.delete(id);
      clearTimeout(late);
      signal?.removeEventListener('abort', gone);
    }
  }

  /** Returns whether a message answers a request of ours, also one that nobody waits for any more. */
  private take(message: unknown): boolean {
    const { id, method } = message as Json;
    if (method !== undefined || typeof id !== 'string' || !id.startsWith('writ-')) return false;
    const waiting = this.waiting.get(id);
    const answer = answerTo(id, message);
    if (answer === undefined) waiting?.failed(new Error('it answered with what is no answer'));
    else waiting?.answered(answer);
    return true;
  }
}
