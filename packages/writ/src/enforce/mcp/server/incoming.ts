import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ProtocolError } from '@modelcontextprotocol/server';
import type { RequestContext } from './request-context.js';

/** A request over HTTP that passed the checks of the front. */
export interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly pathname: string;
  readonly searchParams: URLSearchParams;
  readonly context: RequestContext;
  /** The message of a POST; undefined for other methods. */
  readonly message: Record<string, unknown> | undefined;
  /** The error that answers the message if it was not admitted. */
  readonly refused: ProtocolError | undefined;
}

/** One of the ways in which MCP goes over HTTP. */
export interface HttpTransport {
  answer(incoming: Incoming): Promise<void>;
  /** Notifies the clients that listen that their lists may have changed. */
  listsChanged(): void;
  close(): Promise<void>;
}
