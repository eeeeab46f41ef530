import { ProtocolError } from '@modelcontextprotocol/server';
import {
  type CallingClient,
  callerText,
  decideAll,
  type HeldDecision,
  type JoinedPermits,
  MappingError,
  requestBy,
  trustedPrompt,
} from '@writ/enforce';
import { copyWith } from '@writ/sdk/lib/exact-json';
import { type Decision, isPermitted } from '../../../decide/decision.js';
import type { AccessRequest } from '../../../decide/request.js';
import { defined } from '../../../lib/defined.js';
import type { Tool } from '../protocol/call.js';
import type { McpCaller } from '../protocol/caller.js';
import { ERROR } from '../protocol/errors.js';
import { type CallResult, isTask } from '../protocol/result.js';
import type { ToolStates } from '../protocol/tool-states.js';
import type { ContentsParts } from './contents.js';
import { decidable } from './decidable.js';
import { denial } from './denial.js';
import type { CallMapper } from './map-call.js';
import type { Tasks } from './tasks.js';
import type { OfferedTool, ToolCatalogue } from './tool-catalogue.js';

interface ToolCallsParts extends Omit<ContentsParts, 'upstreams'> {
  readonly catalogue: ToolCatalogue;
  readonly mapper: () => CallMapper;
  readonly toolStates: ToolStates;
  /** The permits that an execution is under, several of one call as one. */
  readonly permits: JoinedPermits;
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
    const { catalogue, decide, execution, permits, seal, tasks } = this.parts;
    const { client, carried, signal, onProgress } = caller;
    const offered = catalogue.find(tool);
    const upstream = offered?.upstream;
    const requests = this.requestsFor(client, offered, tool, input).map((mapped) => ({
      ...mapped,
      context: { ...mapped.context, ...trustedPrompt(client, carried) },
    })) as unknown as readonly [AccessRequest, ...AccessRequest[]];
    const of = { caller: callerText(client), server: upstream?.name ?? '', tool, arguments: input };
    const options = { signal, carried, onProgress, input: seal.opened(caller.input, of) };
    const held = await decideAll(requests, {
      decide: async (request) => {
        const answer = await decide(request, caller);
        if (requests.length === 1) return answer;
        // The next request is of the same call, and does not wait until this call has finished.
        answer.release?.();
        return { decision: answer.decision, reference: answer.reference };
      },
      decisionIn: ({ decision }) => decision,
      cancel: async ({ decision, release }) => {
        await execution.report(decision, 'not-executed');
        release?.();
      },
    });
    const last = held.at(-1) as HeldDecision;
    if (!isPermitted(last.decision)) {
      last.release?.();
      throw denial(tool, last.decision, last.reference);
    }
    try {
      const decisions = held.map(({ decision }) => decision) as [Decision, ...Decision[]];
      const decision = permits.join(decisions);
      if (upstream === undefined) {
        await execution.report(decision, 'not-executed');
        const down = catalogue.notConnected(tool);
        const why = down.length === 0 ? '' : `; not connected now: ${down.join(', ')}`;
        throw new ProtocolError(ERROR.mapping, `no server has a tool ${tool}${why}`, { decisionId: decision.id });
      }
      const asServed = offered?.tool.name ?? tool;
      // Obligations change an answer, and a task has its answer only later.
      const takesTasks = caller.takesTasks === true && decisions.length === 1 && decision.obligations === undefined;
      const permitted = { tool: asServed, input, decision, options: { ...options, takesTasks } };
      const answered = await execution.call(upstream, permitted);
      if (!isTask(answered)) return seal.sealed(answered, of);
      const task = { server: upstream.name, tool, decisionId: decision.id };
      return tasks.begun(upstream, answered, task, of.caller);
    } finally {
      for (const { release } of held) release?.();
    }
  }

  private requestsFor(
    client: CallingClient,
    offered: OfferedTool | undefined,
    shown: string,
    input: Record<string, unknown>,
  ): readonly AccessRequest[] {
    const server = offered?.upstream.name ?? '';
    const tool = offered?.tool.name ?? shown;
    const state = this.parts.toolStates.stateOf(server, tool);
    const { findings } = state;
    const suspended = offered?.unusable === undefined ? state.suspended : unusableText(shown, offered.unusable);
    // The schema of a suspended tool, which nobody approved, is not looked at: the call is denied.
    const schemaError = suspended === undefined ? offered?.upstream.schemaError(tool, input) : undefined;
    const inputSchema = offered?.tool.inputSchema;
    const mapped = decidable(
      this.parts.attempts,
      { name: `tools/call ${shown}`, client },
      () => {
        if (schemaError !== undefined) throw new MappingError(schemaError);
        return this.parts.mapper().map({ server, tool, shown, arguments: input, inputSchema }, client);
      },
      ({ message }) =>
        schemaError === undefined
          ? `the call of ${shown} cannot be decided on: ${message}`
          : `the arguments of ${shown} do not fit its schema: ${message}`,
    );
    if (suspended === undefined && findings.length === 0) return mapped;
    const said = defined({ suspended, findings: findings.length === 0 ? undefined : findings });
    return mapped.map((one) => ({ ...one, context: { ...one.context, ...said } }));
  }
}

function unusableText(shown: string, reason: string): string {
  return `${shown} cannot be used as its server describes it: ${reason}`;
}
