import type { Client, LoggingMessageNotification } from '@modelcontextprotocol/client';
import type { ClientCapabilities } from '@modelcontextprotocol/server';

/** Where a server of a revision before 2026-07-28 can turn to of itself. */
export interface Bridge {
  readonly capabilities: ClientCapabilities;
  /** Asks the client (sampling, elicitation, roots). */
  readonly ask: (method: string, params: Readonly<Record<string, unknown>>) => Promise<Record<string, unknown>>;
  /** Hands on what it logs. */
  readonly log: (params: LoggingMessageNotification['params']) => void;
}

const ASKED = {
  sampling: 'sampling/createMessage',
  elicitation: 'elicitation/create',
  roots: 'roots/list',
} as const;

/** Hands on what a server asks and logs of itself. */
export function bridgeTo(client: Client, { capabilities, ask, log }: Bridge): void {
  for (const [capability, method] of Object.entries(ASKED))
    if (capabilities[capability as keyof typeof ASKED] !== undefined)
      client.setRequestHandler(method, async ({ params }) => (await ask(method, params ?? {})) as never);
  client.setNotificationHandler('notifications/message', ({ params }) => log(params));
}
