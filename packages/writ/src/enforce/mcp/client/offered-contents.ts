import { type Client, specTypeSchemas } from '@modelcontextprotocol/client';
import { TASKS_EXTENSION } from '../protocol/tasks-extension.js';
import type { ListPages } from './list-pages.js';

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

type Schema = (typeof specTypeSchemas)['Resource' | 'ResourceTemplate' | 'Prompt'];

/**
 * Lists what a server offers. A kind that the server declares but cannot list is empty, and an item that no client could
 * read is left out.
 */
export async function contentsOf(
  client: Pick<Client, 'getServerCapabilities'>,
  pages: ListPages,
): Promise<OfferedContents> {
  const { resources, prompts, completions, logging, extensions } = client.getServerCapabilities() ?? {};
  const { Resource, ResourceTemplate, Prompt } = specTypeSchemas;
  const list = async (method: string, member: string, schema: Schema): Promise<unknown[]> =>
    (await pages.allOrNone(method, member)).filter((item) => isValid(schema, item));
  return {
    resources: resources === undefined ? [] : ((await list('resources/list', 'resources', Resource)) as Resource[]),
    templates:
      resources === undefined
        ? []
        : ((await list('resources/templates/list', 'resourceTemplates', ResourceTemplate)) as ResourceTemplate[]),
    prompts: prompts === undefined ? [] : ((await list('prompts/list', 'prompts', Prompt)) as Prompt[]),
    completes: completions !== undefined,
    notifies: resources?.subscribe === true,
    logs: logging !== undefined,
    tasks: extensions?.[TASKS_EXTENSION] !== undefined,
  };
}

function isValid(schema: Schema, item: unknown): boolean {
  return (schema['~standard'].validate(item) as { readonly issues?: unknown }).issues === undefined;
}
