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

/** The places in which a request can name a session or a stream. */
export type NamedSession = Pick<Incoming, 'searchParams'> & Pick<IncomingMessage, 'headers'>;

/** One of the ways in which MCP goes over HTTP. */
export interface HttpTransport {
  answer(incoming: Incoming): Promise<void>;
  /** Returns the id of the session or stream that a request names, if that is one of its client. */
  readonly sessionOf?: (named: NamedSession, owner: string) => string | undefined;
  /** Notifies the clients that listen that their lists may have changed. */
  listsChanged(): void;
  close(): Promise<void>;
}
