import { ProtocolError } from '@modelcontextprotocol/server';
import { type CallingClient, callerText, MappingError, type Requests, requestBy, trustedPrompt } from '@writ/enforce';
import type { AccessRequest } from '@writ/sdk/authzen';
import { defined } from '@writ/sdk/lib/defined';
import { copyWith } from '@writ/sdk/lib/exact-json';
import { MAX_VALUES, valuesIn } from '@writ/sdk/lib/value-count';
import type { ToolCall } from '../protocol/binding.js';
import type { Tool } from '../protocol/call.js';
import type { McpCaller } from '../protocol/caller.js';
import { ERROR } from '../protocol/errors.js';
import { type CallResult, isTask } from '../protocol/result.js';
import type { ToolStates } from '../protocol/tool-states.js';
import type { ContentsParts } from './contents.js';
import { refusal } from './denial.js';
import type { CallMapper } from './map-call.js';
import type { Tasks } from './tasks.js';
import type { OfferedTool, ToolCatalogue } from './tool-catalogue.js';

interface ToolCallsParts extends Omit<ContentsParts, 'upstreams'> {
  readonly catalogue: ToolCatalogue;
  readonly mapper: () => CallMapper;
  readonly toolStates: ToolStates;
  readonly tasks: Tasks;
}

/** Tools of MCP servers behind the gateway: a call is decided before its server gets it, and is forwarded as it was decided. */
export class ToolCalls {
  constructor(private readonly parts: ToolCallsParts) {}

  /** Returns the input schema of a tool; undefined if no server has the tool. */
  inputSchemaOf(tool: string): Readonly<Record<string, unknown>> | undefined {
    return this.parts.catalogue.find(tool)?.tool.inputSchema;
  }

  /** Returns the tools that a client could be permitted to call, with some arguments; none that is suspended. */
  async list({ client, carried }: Pick<McpCaller, 'client' | 'carried'>): Promise<Tool[]> {
    const { catalogue, point, toolStates } = this.parts;
    const offered = catalogue
      .offered()
      .filter(({ upstream, tool }) => toolStates.stateOf(upstream.name, tool.name).suspended === undefined);
    const mapper = this.parts.mapper();
    const listed = offered.map(({ upstream, tool, shown }) =>
      mapper.listed({ server: upstream.name, tool: tool.name, shown, inputSchema: tool.inputSchema }),
    );
    const known = listed.flatMap((requests) => requests ?? []);
    const could = (await point.couldPermit?.(requestBy(client), known, carried)) ?? known.map(() => true);
    const hidden = new Set(known.filter((_one, i) => could[i] === false));
    return offered
      .filter((_one, i) => listed[i]?.some((request) => hidden.has(request)) !== true)
      .map(({ tool, shown }) => copyWith(tool, { name: shown }));
  }

  /**
   * Decides a call and, if it is permitted, carries it out.
   *
   * @throws {ProtocolError} if it is not carried out, with a reason that an agent can act on
   */
  async call(tool: string, input: Record<string, unknown>, caller: McpCaller): Promise<CallResult> {
    const { catalogue, enforcer, execution, seal, tasks } = this.parts;
    const { client, carried, signal, onProgress } = caller;
    const offered = catalogue.find(tool);
    const upstream = offered?.upstream;
    const asServed = offered?.tool.name ?? tool;
    const of = { caller: callerText(client), server: upstream?.name ?? '', tool, arguments: input };
    const options = { signal, carried, onProgress, input: seal.opened(caller.input, of) };
    const operation = {
      name: `tools/call ${tool}`,
      requests: () => this.requestsFor(caller, offered, tool, input),
      changeable: { input, result: true, schemaError: (changed: unknown) => upstream?.schemaError(asServed, changed) },
    };
    const begun = await enforcer.begin(operation, caller);
    if (begun.kind !== 'permit') throw refusal(tool, begun);
    return begun.during(async (permit) => {
      if (upstream === undefined) {
        await permit.done('not-executed');
        const down = catalogue.notConnected(tool);
        const why = down.length === 0 ? '' : `; not connected now: ${down.join(', ')}`;
        throw new ProtocolError(ERROR.mapping, `no server has a tool ${tool}${why}`, { decisionId: permit.decisionId });
      }
      // Obligations change an answer, and a task has its answer only later.
      const takesTasks = caller.takesTasks === true && permit.isPlain;
      const answered = await execution.call(upstream, { tool: asServed, permit, options: { ...options, takesTasks } });
      if (!isTask(answered)) return seal.sealed(answered, of);
      return tasks.begun(upstream, answered, { server: upstream.name, tool, permit }, of.caller);
    });
  }

  /** @throws {MappingError} if the call cannot be decided on */
  private requestsFor(
    { client, carried }: McpCaller,
    offered: OfferedTool | undefined,
    shown: string,
    input: Record<string, unknown>,
  ): Requests {
    if (valuesIn(input) > MAX_VALUES)
      throw new MappingError(`the arguments of ${shown} have more than ${MAX_VALUES} members and items`);
    const server = offered?.upstream.name ?? '';
    const tool = offered?.tool.name ?? shown;
    const state = this.parts.toolStates.stateOf(server, tool);
    const { findings } = state;
    const suspended = offered?.unusable === undefined ? state.suspended : unusableText(shown, offered.unusable);
    // The schema of a suspended tool, which nobody approved, is not looked at: the call is denied.
    const schemaError = suspended === undefined ? offered?.upstream.schemaError(tool, input) : undefined;
    if (schemaError !== undefined)
      throw new MappingError(`the arguments of ${shown} do not fit its schema: ${schemaError}`);
    const inputSchema = offered?.tool.inputSchema;
    const mapped = this.mapped({ server, tool, shown, arguments: input, inputSchema }, client);
    const isPlain = suspended === undefined && findings.length === 0;
    const said = isPlain ? undefined : defined({ suspended, findings: findings.length === 0 ? undefined : findings });
    const prompt = trustedPrompt(client, carried);
    const [first, ...more] = mapped.map((one) => ({ ...one, context: { ...one.context, ...said, ...prompt } }));
    return [first as AccessRequest, ...more];
  }

  private mapped(call: ToolCall, client: CallingClient): Requests {
    try {
      return this.parts.mapper().map(call, client);
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      throw new MappingError(`the call of ${call.shown} cannot be decided on: ${error.message}`);
    }
  }
}

function unusableText(shown: string, reason: string): string {
  return `${shown} cannot be used as its server describes it: ${reason}`;
}
