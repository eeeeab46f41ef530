import type { Client, LoggingMessageNotification } from '@modelcontextprotocol/client';
import type { ClientCapabilities } from '@modelcontextprotocol/server';

/** The one client of a server of a revision before 2026-07-28, which can ask it and log to it. */
export interface Bridge {
  readonly capabilities: ClientCapabilities;
  /** Asks the client (sampling, elicitation, roots). */
  ask(method: string, params: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>;
  /** Hands on what the server logs. */
  log(params: LoggingMessageNotification['params']): void;
}

const METHODS = {
  sampling: 'sampling/createMessage',
  elicitation: 'elicitation/create',
  roots: 'roots/list',
} as const;

/** Hands the requests and the log messages of a server to a bridge. */
export function bridgeTo(client: Client, bridge: Bridge): void {
  for (const [capability, method] of Object.entries(METHODS))
    if (bridge.capabilities[capability as keyof typeof METHODS] !== undefined)
      client.setRequestHandler(method, async ({ params }) => (await bridge.ask(method, params ?? {})) as never);
  client.setNotificationHandler('notifications/message', ({ params }) => bridge.log(params));
}
