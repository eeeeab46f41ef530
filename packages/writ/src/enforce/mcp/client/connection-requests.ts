import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { readMarks } from '@writ/sdk/lib/exact-json';
import type { CallResult } from '../protocol/result.js';
import {
  answerTo,
  type DirectClient,
  type DirectRequests,
  messageOf,
  progressOf,
  resultIn,
  type SentRequest,
} from './direct-requests.js';

type Json = Readonly<Record<string, unknown>>;
type SendOptions = Parameters<Transport['send']>[1];
interface Waiting {
  readonly answered: (answer: Json) => void;
  readonly failed: (error: unknown) => void;
  readonly progressed: (message: unknown) => boolean;
}

/** The first of our ids. The SDK counts from 0, and sends a few requests for each connection. */
const FIRST_ID = 1_000_001;
/** How long a call may take, however often it reports progress. */
const MAX_CALL_MS = 3_600_000;

/** A connection that the SDK shares with requests of our own; their answers do not reach the SDK. */
export class SharedConnection implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];
  private readonly waiting = new Map<number, Waiting>();
  private sent = FIRST_ID;

  constructor(private readonly inner: Transport) {}

  async start(): Promise<void> {
    this.inner.onmessage = (message, extra) => {
      readMarks(message);
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

  get hasPerRequestStream(): boolean {
    return this.inner.hasPerRequestStream === true;
  }

  setProtocolVersion(version: string): void {
    this.inner.setProtocolVersion?.(version);
  }

  setSupportedProtocolVersions(versions: string[]): void {
    this.inner.setSupportedProtocolVersions?.(versions);
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
    const { signal, timeoutMs, may, onProgress, headers } = sent;
    this.sent += 1;
    const id = this.sent;
    const until = performance.now() + MAX_CALL_MS;
    const stream = new AbortController();
    let late: NodeJS.Timeout | undefined;
    const stop = (reason: unknown): void => {
      const { failed } = this.waiting.get(id) ?? {};
      if (failed === undefined) return;
      // The server may still do it, but nobody waits for the answer.
      const params = { requestId: id, reason: String(reason) };
      if (!client.isModern || !this.hasPerRequestStream)
        this.inner.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params }).catch(() => undefined);
      failed(reason);
    };
    const wait = (): void => {
      clearTimeout(late);
      const leftMs = Math.min(timeoutMs, until - performance.now());
      late = setTimeout(() => stop(new Error(`it did not answer in ${timeoutMs} ms`)), leftMs);
    };
    const progressed = (message: unknown): boolean => {
      const progress = progressOf(id, message);
      if (progress === undefined) return false;
      wait();
      onProgress?.(progress);
      return true;
    };
    const gone = (): void => stop(signal?.reason);
    try {
      signal?.throwIfAborted();
      const answer = await new Promise<Json>((answered, failed) => {
        this.waiting.set(id, { answered, failed, progressed });
        wait();
        signal?.addEventListener('abort', gone, { once: true });
        const onRequestStreamEnd = (): void => failed(new Error('its stream ended without an answer'));
        const options: SendOptions = { requestSignal: stream.signal, onRequestStreamEnd, ...(headers && { headers }) };
        this.inner.send(messageOf(id, sent, client) as unknown as JSONRPCMessage, options).catch(failed);
      });
      return resultIn(answer, may, client);
    } finally {
      this.waiting.delete(id);
      clearTimeout(late);
      signal?.removeEventListener('abort', gone);
      stream.abort();
    }
  }

  /** Returns whether a message is about a request of ours, also one that nobody waits for any more. */
  private take(message: unknown): boolean {
    const { id, method, params } = message as Json;
    if (method === 'notifications/progress') {
      const { progressToken } = (params ?? {}) as Json;
      return this.waiting.get(progressToken as number)?.progressed(message) === true;
    }
    if (method !== undefined || typeof id !== 'number' || id < FIRST_ID) return false;
    const waiting = this.waiting.get(id);
    const answer = answerTo(id, message);
    if (answer === undefined) waiting?.failed(new Error('it answered with what is no answer'));
    else waiting?.answered(answer);
    return true;
  }
}
