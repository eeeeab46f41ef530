import type { EntityUid } from '@writ/cedar';
import type { ListedAction } from '../../decide/could-permit.js';
import type { AccessRequest, Carried } from '../../decide/request.js';
import { compileTemplate, literalIn, type Template } from '../coaz/template.js';
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

/** Who asks, before it is known what for. */
export function requestBy({ originator, agent, task }: CallingClient): Pick<AccessRequest, 'subject' | 'context'> {
  return { subject: originator, context: { task, ...(agent === undefined ? {} : { agent }) } };
}

/** What its user asked for, of a client whose host is believed in that. */
export function promptTold({ tellsPrompt }: CallingClient, { prompt }: Carried): { readonly prompt?: string } {
  return tellsPrompt === true && prompt !== undefined ? { prompt } : {};
}

export interface ToolCall {
  readonly server: string;
  /** As the server calls it. */
  readonly tool: string;
  /** As clients call it, when that is another name: the action has it. */
  readonly shown?: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Without a declared mapping: the tool is both the action and the resource. */
const DEFAULT = { resource: { type: 'Tool', id: '$params.name' } };

/** Turns tool calls into requests for a decision. */
export class CallMapper {
  private readonly templates = new Map<string, Template>();
  private readonly declared = new Map<
    string,
    { action?: { name?: unknown }; resource?: { type?: unknown; id?: unknown } }
  >();
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
        this.declared.set(keyOf(server, tool), evaluation as object);
      }
    }
  }

  /** The action of a tool, and what is known of its resource before it is called; undefined when it is not known which type it has. */
  listed({ server, tool, shown = tool }: Omit<ToolCall, 'arguments'>): ListedAction | undefined {
    const declared = this.declared.get(keyOf(server, tool));
    if (declared === undefined) return { action: shown, resource: { type: DEFAULT.resource.type, id: shown } };
    const action = declared.action?.name === undefined ? shown : literalIn(declared.action.name);
    const type = literalIn(declared.resource?.type);
    if (action === undefined || type === undefined) return undefined;
    const id = literalIn(declared.resource?.id);
    return { action, resource: id === undefined ? { type } : { type, id } };
  }

  /** @throws {MappingError} when the arguments are not what the mapping needs */
  map(call: ToolCall, client: CallingClient): AccessRequest {
    const template = this.templates.get(keyOf(call.server, call.tool)) ?? this.fallback;
    const { shown = call.tool } = call;
    const filled = template.fill({
      params: { name: template === this.fallback ? shown : call.tool, arguments: call.arguments },
      server: { name: call.server, root: this.roots[call.server] ?? null },
    });
    const { action, resource, context } = filled as {
      action?: { name?: unknown };
      resource: { type?: unknown; id?: unknown; properties?: Record<string, unknown> };
      context?: Record<string, unknown>;
    };
    const name = action?.name ?? shown;
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
