import type { EntityUid } from '@writ/cedar';
import type { AccessRequest } from '../../decide/request.js';
import { compileTemplate, type Template } from '../coaz/template.js';
import { MappingError } from '../errors.js';

/** A mapping as a bundle declares it for the tools of one server. */
export interface DeclaredMapping {
  readonly server: string;
  readonly tools: Readonly<Record<string, { readonly evaluation: unknown }>>;
}

/** Who calls, as the gateway knows it; nothing in a call can change it. */
export interface CallingClient {
  readonly originator: EntityUid;
  readonly agent?: EntityUid | undefined;
  readonly task: string;
  /** Whether what it says the user asked for is believed without a token that says so. */
  readonly tellsPrompt?: boolean | undefined;
}

export interface ToolCall {
  readonly server: string;
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Without a declared mapping: the tool is both the action and the resource. */
const DEFAULT = { resource: { type: 'Tool', id: '$params.name' } };

/** Turns tool calls into requests for a decision. */
export class CallMapper {
  private readonly templates = new Map<string, Template>();
  private readonly fallback = compileTemplate(DEFAULT);

  /**
   * @param roots by server, the folder that it serves: the variable `server.root` of its mappings
   * @throws {MappingError} when a mapping does not parse
   */
  constructor(
    mappings: readonly DeclaredMapping[],
    private readonly roots: Readonly<Record<string, string | undefined>>,
  ) {
    for (const { server, tools } of mappings) {
      for (const [tool, { evaluation }] of Object.entries(tools)) {
        this.templates.set(keyOf(server, tool), compileTemplate(evaluation, `${server}.${tool}`));
      }
    }
  }

  /** @throws {MappingError} when the arguments are not what the mapping needs */
  map(call: ToolCall, client: CallingClient): AccessRequest {
    const template = this.templates.get(keyOf(call.server, call.tool)) ?? this.fallback;
    const filled = template.fill({
      params: { name: call.tool, arguments: call.arguments },
      server: { name: call.server, root: this.roots[call.server] ?? null },
    });
    const { action, resource, context } = filled as {
      action?: { name?: unknown };
      resource: { type?: unknown; id?: unknown; properties?: Record<string, unknown> };
      context?: Record<string, unknown>;
    };
    const name = action?.name ?? call.tool;
    if (typeof name !== 'string' || name === '') throw new MappingError('the mapping gives no text for action.name');
    const { type, id } = resource;
    if (typeof type !== 'string' || typeof id !== 'string' || id === '') {
      throw new MappingError('the mapping gives no text for resource.type and resource.id');
    }
    return {
      subject: client.originator,
      action: { name },
      resource: { type, id, ...(resource.properties === undefined ? {} : { properties: resource.properties }) },
      context: {
        ...context,
        input: call.arguments,
        task: client.task,
        upstream: { server: call.server, tool: call.tool },
        ...(client.agent === undefined ? {} : { agent: client.agent }),
      },
    };
  }
}

function keyOf(server: string, tool: string): string {
  return JSON.stringify([server, tool]);
}
