import { type CallingClient, clientContext, compileMapping, type Mapping, MappingError } from '@writ/enforce';
import { MAPPING_VARIABLES } from '@writ/enforce/cel';
import type { ListedAction } from '@writ/sdk/authzen';
import type { AccessRequest } from '../../../decide/request.js';

/** The mappings that a bundle has for the tools of one server. */
export interface BundleMappings {
  readonly server: string;
  readonly tools: Readonly<Record<string, unknown>>;
}

/** The settings of a server for its mapper. */
export interface MappedServer {
  /** The folder that the server serves: the variable `server.root` of a bundle's mappings. */
  readonly root?: string | undefined;
  /**
   * `declared`: the mapping that the server declares for a tool counts if the bundle has none. `bundle` (the
   * default): it does not.
   */
  readonly mappings?: 'declared' | 'bundle';
}

interface ToolCall {
  readonly server: string;
  /** The name that the server has for it. */
  readonly tool: string;
  /** The name that clients see, if it is another: that of the action. */
  readonly shown?: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** The schema as the server lists it; a mapping that the server declares is in it. */
  readonly inputSchema?: Readonly<Record<string, unknown>> | undefined;
}

/** The member with the mapping that a server declares (COAZ-MCP, "Declaring a Mapping"). */
const DECLARED = 'x-authzen-mapping';
const MAX_DECLARED_CHARACTERS = 16_384;
/** The members of `context` that only this enforcement point sets, or callers that are trusted with them. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['input', 'task', 'session', 'conversation', 'upstream', 'prompt', 'suspended', 'findings', 'approval'],
  ...['supported_obligations', 'atLeast', 'detail', 'proof', 'again'],
]);
/** The author of a bundle may set every member. */
const NOTHING_RESERVED: ReadonlySet<string> = new Set();
/** The method of all calls (COAZ-MCP, "Default Mappings"), for tools that have no action of their own. */
const ANY_TOOL = 'tools/call';

/**
 * Maps calls of tools to requests for a decision (COAZ-MCP). The mapping of the bundle counts, or else the one that
 * the server declares. Without a mapping the tool is both the action and the resource; or, if the schema has no
 * action of its name but has `tools/call`, that is the action, on `tool::"<name>"`.
 */
export class CallMapper {
  private readonly mapped = new Map<string, Mapping>();
  private readonly declared = new WeakMap<object, Mapping | MappingError>();

  /**
   * @param servers by their names
   * @param actions the actions of the schema; without a schema every tool counts as an action, and no method does
   * @throws {MappingError} if a mapping of the bundle is malformed or does not parse
   */
  constructor(
    mappings: readonly BundleMappings[],
    private readonly servers: Readonly<Record<string, MappedServer | undefined>>,
    private readonly actions: ReadonlySet<string> | 'no-schema',
  ) {
    const options = {
      ...{ hasDefaultAction: true, variables: MAPPING_VARIABLES },
      ...{ isTrusted: true, reserved: NOTHING_RESERVED },
    };
    for (const { server, tools } of mappings)
      for (const [tool, mapping] of Object.entries(tools))
        this.mapped.set(keyOf(server, tool), compileMapping(mapping, { ...options, path: `${server}.${tool}` }));
  }

  /**
   * Returns what is known of the requests of a tool before it is called; undefined if their types depend on
   * arguments.
   */
  listed(call: Omit<ToolCall, 'arguments'>): readonly ListedAction[] | undefined {
    const { shown = call.tool } = call;
    let mapping: Mapping | undefined;
    try {
      mapping = this.mappingOf(call);
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      // No call of the tool could be mapped.
      return [{ action: '', resource: { type: '' } }];
    }
    if (mapping === undefined) return [this.byDefault(shown)];
    return mapping.foreseen?.map(({ action = shown, resource }) => ({ action, resource }));
  }

  /**
   * Returns the requests of a call, each of which has to be permitted.
   *
   * @throws {MappingError} if the mapping is malformed, or the arguments do not fit it
   */
  map(call: ToolCall, client: CallingClient): readonly [AccessRequest, ...AccessRequest[]] {
    const { server, tool, shown = tool, arguments: input } = call;
    const mapping = this.mappingOf(call);
    const made = mapping?.fill(
      {
        params: { name: tool, arguments: input },
        token: claimsOf(client),
        server: { name: server, root: this.servers[server]?.root ?? null },
      },
      String(claimsOf(client).sub),
    );
    const ours = { input, upstream: { server, tool }, ...clientContext(client) };
    if (made === undefined) {
      const { action, resource } = this.byDefault(shown);
      return [{ subject: client.originator, action: { name: action }, resource, context: ours }];
    }
    const [first, ...more] = made.map(
      ({ action, resource, context: { agent: _agent, conversation: _conversation, ...context } }) => ({
        subject: client.originator,
        action: { ...action, name: action.name ?? shown },
        resource,
        context: { ...context, ...ours },
      }),
    );
    return [first as AccessRequest, ...more];
  }

  /**
   * Returns whether a request about the server as a whole, such as `tools/list`, is decided: if the schema has that
   * action.
   */
  decides(method: string): boolean {
    return this.actions !== 'no-schema' && this.actions.has(method);
  }

  private isAction(name: string): boolean {
    return this.actions === 'no-schema' || this.actions.has(name);
  }

  private byDefault(shown: string): {
    readonly action: string;
    readonly resource: { readonly type: string; readonly id: string };
  } {
    return this.isAction(shown) || !this.isAction(ANY_TOOL)
      ? { action: shown, resource: { type: 'Tool', id: shown } }
      : { action: ANY_TOOL, resource: { type: 'tool', id: shown } };
  }

  /** @throws {MappingError} if the mapping that the server declares is malformed */
  private mappingOf({ server, tool, inputSchema }: Omit<ToolCall, 'arguments'>): Mapping | undefined {
    const ofBundle = this.mapped.get(keyOf(server, tool));
    if (ofBundle !== undefined) return ofBundle;
    if (inputSchema === undefined || !Object.hasOwn(inputSchema, DECLARED)) return undefined;
    if (this.servers[server]?.mappings !== 'declared') return undefined;
    let declared = this.declared.get(inputSchema);
    if (declared === undefined) {
      declared = readDeclared(inputSchema[DECLARED], tool);
      this.declared.set(inputSchema, declared);
    }
    if (declared instanceof MappingError) throw declared;
    return declared;
  }
}

/**
 * Reads the mapping that a server declares. The server is the party that is decided about: its mapping cannot set the
 * subject or our own members, and takes linear time.
 */
function readDeclared(mapping: unknown, tool: string): Mapping | MappingError {
  try {
    if (JSON.stringify(mapping).length > MAX_DECLARED_CHARACTERS)
      throw new MappingError(`the ${DECLARED} of ${tool} is longer than ${MAX_DECLARED_CHARACTERS} characters`);
    return compileMapping(mapping, {
      path: DECLARED,
      variables: ['params', 'token'],
      isTrusted: false,
      hasDefaultAction: false,
      reserved: RESERVED,
    });
  } catch (error) {
    if (error instanceof MappingError) return error;
    throw error;
  }
}

/**
 * Returns the claims of a client (COAZ-MCP, "Information Model"). For a key they are made: the originator is the
 * subject, the agent the client.
 */
function claimsOf({ claims, originator, agent }: CallingClient): Readonly<Record<string, unknown>> {
  return claims ?? { sub: originator.id, ...(agent === undefined ? {} : { client_id: agent.id }) };
}

function keyOf(server: string, tool: string): string {
  return JSON.stringify([server, tool]);
}
