import type { Client } from '@modelcontextprotocol/client';
import { GATEWAY_INFO } from '../protocol/gateway-info.js';
import type { AnswerBounds } from './answer-bounds.js';
import type { SharedConnection } from './connection-requests.js';
import type { DirectRequests } from './direct-requests.js';
import { HttpRequests } from './http-requests.js';
import type { ServerAddress, ServerCommand } from './server-address.js';

/** The ways to send requests to a server over one connection. */
export interface ServerRequests {
  /** Those that report no progress. */
  readonly direct: DirectRequests;
  readonly shared: DirectRequests;
  /** Whether a call can become a task. */
  readonly hasTasks: boolean;
}

interface Connected {
  readonly server: ServerCommand | ServerAddress;
  readonly bounds: AnswerBounds;
  /** The most requests at once. */
  readonly concurrency: number;
  /** Whether the server has one client, to which the SDK hands what it asks and logs. */
  readonly isBridged: boolean;
}

/** Returns the ways to send requests to a server that a client is connected to. */
export function requestsTo(
  client: Client,
  connection: SharedConnection,
  { server, bounds, concurrency, isBridged }: Connected,
): ServerRequests {
  const isModern = client.getProtocolEra() === 'modern';
  const by = { info: GATEWAY_INFO, revision: client.getNegotiatedProtocolVersion() ?? '', isModern };
  const shared = connection.requestsBy(by);
  const hasTasks = isModern && !isBridged;
  const isPlain = hasTasks && 'url' in server && server.transport !== 'sse';
  return { direct: isPlain ? new HttpRequests(server, by, concurrency, bounds) : shared, shared, hasTasks };
}
