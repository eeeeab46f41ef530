import { type Client, ProtocolError } from '@modelcontextprotocol/client';
import { TASKS_EXTENSION } from '../protocol/tasks-extension.js';

export type Resource = Awaited<ReturnType<Client['listResources']>>['resources'][number];
export type ResourceTemplate = Awaited<ReturnType<Client['listResourceTemplates']>>['resourceTemplates'][number];
export type Prompt = Awaited<ReturnType<Client['listPrompts']>>['prompts'][number];

/** The things that a server offers in addition to tools. */
export interface OfferedContents {
  readonly resources: readonly Resource[];
  readonly templates: readonly ResourceTemplate[];
  readonly prompts: readonly Prompt[];
  /** Whether the server completes arguments. */
  readonly completes: boolean;
  /** Whether the server notifies of resources that change. */
  readonly notifies: boolean;
  /** Whether the server logs to its client. */
  readonly logs: boolean;
  /** Whether calls can become tasks. */
  readonly tasks: boolean;
}

/** Lists what a server offers. A kind that the server declares but cannot list is empty. */
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
