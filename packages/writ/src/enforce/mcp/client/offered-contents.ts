import { type Client, ProtocolError } from '@modelcontextprotocol/client';
import { TASKS_EXTENSION } from '../protocol/tasks-extension.js';

export type Resource = Awaited<ReturnType<Client['listResources']>>['resources'][number];
export type ResourceTemplate = Awaited<ReturnType<Client['listResourceTemplates']>>['resourceTemplates'][number];
export type Prompt = Awaited<ReturnType<Client['listPrompts']>>['prompts'][number];

/** What else than tools a server offers. */
export interface OfferedContents {
  readonly resources: readonly Resource[];
  readonly templates: readonly ResourceTemplate[];
  readonly prompts: readonly Prompt[];
  /** Whether it completes arguments. */
  readonly completes: boolean;
  /** Whether it tells of resources that change. */
  readonly notifies: boolean;
  /** Whether it logs to its client. */
  readonly logs: boolean;
  /** Whether its calls can become tasks. */
  readonly tasks: boolean;
}

/** A server that says that it has some, and does not know how to list them, has none. */
export async function contentsOf(client: Client): Promise<OfferedContents> {
  const { resources, prompts, completions, logging, extensions } = client.getServerCapabilities() ?? {};
  const orNone = <T>(listed: Promise<T>, none: T): Promise<T> =>
    listed.catch((error: unknown) => {
      if (ProtocolError.isInstance(error)) return none;
      throw error;
    });
  return {
    ...(resources === undefined ? { resources: [] } : await orNone(client.listResources(), { resources: [] })),
    templates:
      resources === undefined
        ? []
        : (await orNone(client.listResourceTemplates(), { resourceTemplates: [] })).resourceTemplates,
    ...(prompts === undefined ? { prompts: [] } : await orNone(client.listPrompts(), { prompts: [] })),
    completes: completions !== undefined,
    notifies: resources?.subscribe === true,
    logs: logging !== undefined,
    tasks: extensions?.[TASKS_EXTENSION] !== undefined,
  };
}
