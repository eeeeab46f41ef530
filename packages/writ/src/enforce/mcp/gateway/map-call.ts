import type { ListedAction } from '../../../decide/could-permit.js';
import type { AccessRequest } from '../../../decide/request.js';
import { compileMapping, type Mapping } from '../../coaz/mapping.js';
import { MappingError } from '../../errors.js';
import type { CallingClient } from '../protocol/caller.js';

/** The mappings that a bundle has for the tools of one server. */
export interface BundleMappings {
  readonly server: string;
  readonly tools: Readonly<Record<string, unknown>>;
}

/** What a mapper knows of a server. */
export interface MappedServer {
  /** The folder that it serves: the variable `server.root` of a bundle's mappings. */
  readonly root?: string | undefined;
  /** `declared`: a tool of it that has a mapping of its own, and none in the bundle, is mapped so. `bundle`, and when it is not said: it is not. */
  readonly mappings?: 'declared' | 'bundle';
}

interface ToolCall {
  readonly server: string;
  /** As the server calls it. */
  readonly tool: string;
  /** As clients call it, when that is another name: the action has it. */
  readonly shown?: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** As the server lists it; a mapping that the server declares is in it. */
  readonly inputSchema?: Readonly<Record<string, unknown>> | undefined;
}

/** Where a server declares how a call of a tool is to be decided (COAZ-MCP, "Declaring a Mapping"). */
const DECLARED = 'x-authzen-mapping';
const MAX_DECLARED_CHARACTERS = 16_384;
/** What this enforcement point says in `context`, or what is heard from nobody but whoever it trusts. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['input', 'task', 'session', 'upstream', 'prompt', 'suspended', 'findings', 'approval'],
  ...['supported_obligations', 'atLeast', 'detail', 'proof'],
]);
/** The author of a bundle may set every member. */
const NOTHING_RESERVED: ReadonlySet<string> = new Set();
/** The method of all calls (COAZ-MCP, "Default Mappings"), for tools that have no action of their own. */
const ANY_TOOL = 'tools/call';

/**
 * Turns calls of tools into requests for a decision (COAZ-MCP). The bundle's mapping of a tool counts, or else the one that its server
 * declares. Without one the tool is both the action and the resource; or, where the schema has no action of its name and has
 * `tools/call`, that is the action, on `tool::"<name>"`.
 */
export class CallMapper {
  private readonly mapped = new Map<string, Mapping>();
  private readonly declared = new WeakMap<object, Mapping | MappingError>();

  /**
   * @param servers by their names
   * @param actions the actions of the schema; without a schema every tool counts as an action of its own, and no method does
   * @throws {MappingError} when a mapping of the bundle is malformed or does not parse
   */
  constructor(
    mappings: readonly BundleMappings[],
    private readonly servers: Readonly<Record<string, MappedServer | undefined>>,
    private readonly actions: ReadonlySet<string> | 'no-schema',
  ) {
    const options = {
      ...{ hasDefaultAction: true, variables: ['params', 'token', 'server'] },
      ...{ isTrusted: true, reserved: NOTHING_RESERVED },
    };
    for (const { server, tools } of mappings)
      for (const [tool, mapping] of Object.entries(tools))
        this.mapped.set(keyOf(server, tool), compileMapping(mapping, { ...options, path: `${server}.${tool}` }));
  }

  /** What is known of the requests of a tool before it is called; undefined when it is not known which types they have. */
  listed(call: Omit<ToolCall, 'arguments'>): readonly ListedAction[] | undefined {
    const { shown = call.tool } = call;
    let mapping: Mapping | undefined;
    try {
      mapping = this.mappingOf(call);
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      // No call of it could be decided on.
      return [{ action: '', resource: { type: '' } }];
    }
    if (mapping === undefined) return [this.byDefault(shown)];
    return mapping.foreseen?.map(({ action = shown, resource }) => ({ action, resource }));
  }

  /**
   * The requests of a call: it may be made when each is permitted.
   *
   * @throws {MappingError} when the arguments are not what the mapping needs, or the mapping is malformed
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
    const ours = {
      input,
      task: client.task,
      upstream: { server, tool },
      ...(client.agent === undefined ? {} : { agent: client.agent }),
    };
    if (made === undefined) {
      const { action, resource } = this.byDefault(shown);
      return [{ subject: client.originator, action: { name: action }, resource, context: ours }];
    }
    const [first, ...more] = made.map(({ action, resource, context: { agent: _agent, ...context } }) => ({
      subject: client.originator,
      action: { ...action, name: action.name ?? shown },
      resource,
      context: { ...context, ...ours },
    }));
    return [first as AccessRequest, ...more];
  }

  /** Whether requests about the server as a whole, such as `tools/list`, are decided: the schema has an action of that name. */
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

  /** @throws {MappingError} when the one that the server declares is malformed */
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

/** A server writes it, which is the party that is decided about: it says neither who asks nor what we say, and takes linear time. */
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

/** The claims of who calls (COAZ-MCP, "Information Model"). A key has none of its own: its client is the subject, its agent the client. */
function claimsOf({ claims, originator, agent }: CallingClient): Readonly<Record<string, unknown>> {
  return claims ?? { sub: originator.id, ...(agent === undefined ? {} : { client_id: agent.id }) };
}

function keyOf(server: string, tool: string): string {
  return JSON.stringify([server, tool]);
}
