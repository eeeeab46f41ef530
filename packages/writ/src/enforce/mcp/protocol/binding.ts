import { MAPPING_VARIABLES } from '@writ/enforce/cel';
import { type Binding, RESERVED_CONTEXT } from '@writ/enforce/coaz';

/** A call of a tool, as its server knows it. */
export interface ToolCall {
  readonly server: string;
  /** The name that the server has for it. */
  readonly tool: string;
  /** The name that clients see, if it is another: that of the action. */
  readonly shown?: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** The schema as the server lists it; a mapping that the server declares is in it. */
  readonly inputSchema?: Readonly<Record<string, unknown>> | undefined;
}

/** The method of all calls (COAZ-MCP, "Default Mappings"), for tools that have no action of their own. */
const ANY_TOOL = 'tools/call';

/**
 * Returns the binding for calls of tools (COAZ-MCP). Without a mapping the tool is both the action and the resource; or, if the
 * schema has no action of its name but has `tools/call`, that is the action, on `tool::"<name>"`. The other requests of MCP are in
 * methods.ts.
 *
 * @param rootOf returns the folder that a server serves
 */
export function toolBinding(rootOf: (server: string) => string | undefined): Binding<ToolCall> {
  return {
    name: 'COAZ-MCP',
    placeOf: ({ server, tool }) => ({ service: server, name: tool }),
    actionOf: ({ shown, tool }) => shown ?? tool,
    variables: { bundle: MAPPING_VARIABLES, declared: ['params', 'token'] },
    valuesOf: ({ server, tool, arguments: input }, token) => ({
      params: { name: tool, arguments: input },
      token,
      server: { name: server, root: rootOf(server) ?? null },
    }),
    declaration: 'x-authzen-mapping',
    declaredIn: ({ inputSchema }) => inputSchema,
    hasDefaultAction: false,
    reserved: RESERVED_CONTEXT,
    anchor: 'sub',
    defaultOf: ({ shown, tool }, isAction) => {
      const id = shown ?? tool;
      return isAction(id) || !isAction(ANY_TOOL)
        ? { action: id, resource: { type: 'Tool', id } }
        : { action: ANY_TOOL, resource: { type: 'tool', id } };
    },
    contextOf: ({ server, tool, arguments: input }, more) => ({ input, upstream: { server, tool }, ...more }),
  };
}
