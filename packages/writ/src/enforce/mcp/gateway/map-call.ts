import type { CallingClient, Requests } from '@writ/enforce';
import { OperationMapper } from '@writ/enforce/coaz';
import type { ListedAction } from '@writ/sdk/authzen';
import { type ToolCall, toolBinding } from '../protocol/binding.js';

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

/** Maps calls of tools to requests for a decision (COAZ-MCP). */
export class CallMapper {
  private readonly mapper: OperationMapper<ToolCall>;

  /**
   * @param servers by their names
   * @param actions the actions of the schema; without a schema every tool counts as an action, and no method does
   * @throws {MappingError} if a mapping of the bundle is malformed or does not parse
   */
  constructor(
    mappings: readonly BundleMappings[],
    servers: Readonly<Record<string, MappedServer | undefined>>,
    actions: ReadonlySet<string> | 'no-schema',
  ) {
    const all = mappings.flatMap(({ server, tools }) =>
      Object.entries(tools).map(([name, mapping]) => ({ service: server, name, mapping })),
    );
    const binding = toolBinding((server) => servers[server]?.root);
    this.mapper = new OperationMapper(binding, all, actions, (name) => servers[name]?.mappings === 'declared');
  }

  /**
   * Returns what is known of the requests of a tool before it is called; undefined if their types depend on
   * arguments.
   */
  listed(tool: Omit<ToolCall, 'arguments'>): readonly ListedAction[] | undefined {
    return this.mapper.listed({ ...tool, arguments: {} });
  }

  /**
   * Returns the requests of a call, each of which has to be permitted.
   *
   * @throws {MappingError} if the mapping is malformed, or the arguments do not fit it
   */
  map(call: ToolCall, client: CallingClient): Requests {
    return this.mapper.map(call, client);
  }

  /**
   * Returns whether a request about the server as a whole, such as `tools/list`, is decided: if the schema has that
   * action.
   */
  decides(method: string): boolean {
    return this.mapper.decides(method);
  }
}
