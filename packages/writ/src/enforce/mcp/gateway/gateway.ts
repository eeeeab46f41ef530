import { ProtocolError } from '@modelcontextprotocol/server';
import { type Decision, isPermitted } from '../../../decide/decision.js';
import type { DecisionPoint } from '../../../decide/point.js';
import type { AccessRequest, Carried } from '../../../decide/request.js';
import type { CallQueue, HeldCall, HeldDecision } from '../../call-queue.js';
import { transactionIn } from '../../carried.js';
import { decideAll, JoinedPermits } from '../../coaz/decide-all.js';
import { JustificationNeeded, MappingError } from '../../errors.js';
import type { Log } from '../../log.js';
import type { Bridge } from '../client/bridge.js';
import type { Upstream } from '../client/upstream.js';
import type { CallOptions, Tool } from '../protocol/call.js';
import { type CallingClient, callerText, type McpCaller, requestBy, trustedPrompt } from '../protocol/caller.js';
import { ERROR } from '../protocol/errors.js';
import { kindOfMethod, serverTarget } from '../protocol/methods.js';
import { type CallResult, isTask } from '../protocol/result.js';
import { TaskHandles } from '../protocol/task-handle.js';
import type { ToolStates } from '../protocol/tool-states.js';
import { StateSeal, type UserInput } from '../protocol/user-input.js';
import { Contents, type ContentsParts } from './contents.js';
import { denial } from './denial.js';
import { Execution } from './execution.js';
import { firstOfEach } from './first-of-each.js';
import type { CallMapper } from './map-call.js';
import { Tasks } from './tasks.js';

interface GatewayParts {
  readonly upstreams: readonly Upstream[];
  /** Starts the servers that each client has for itself; undefined if all servers are shared. */
  readonly startPerClient: ((bridge: Bridge) => Promise<readonly Upstream[]>) | undefined;
  readonly mapper: () => CallMapper;
  readonly point: DecisionPoint;
  readonly log: Log;
  /** Holds calls that wait. Calls of one task depend on each other, in whichever session they come. */
  readonly queue: CallQueue;
  /** The keyed hash of what obligations change. */
  readonly hash: (text: string) => string;
  readonly toolStates: ToolStates;
}

type Json = Readonly<Record<string, unknown>>;

interface Offered {
  readonly upstream: Upstream;
  readonly tool: Tool;
  readonly shown: string;
}

/** What a call comes with besides its name and arguments. */
interface ToolCaller {
  readonly signal?: AbortSignal | undefined;
  readonly carried: Carried;
  /** Told while the call is held. */
  readonly onWait?: HeldCall['onWait'];
  readonly justification?: HeldCall['justification'];
  readonly onProgress?: CallOptions['onProgress'];
  readonly takesTasks?: boolean | undefined;
  /** What its user can be asked, and was. */
  readonly input?: UserInput | undefined;
}

/**
 * The MCP enforcement point: every tool call is decided before it reaches its server. What is forwarded is the value
 * that was decided on, and only that.
 */
export class Gateway {
  private readonly upstreams: readonly Upstream[];
  private readonly point: DecisionPoint;
  private readonly log: Log;
  private readonly joined: JoinedPermits;
  private readonly execution: Execution;
  private readonly seal: StateSeal;
  readonly contents: Contents;
  readonly tasks: Tasks;

  /** @throws {MappingError} if two servers have a tool of one name */
  constructor(private readonly parts: GatewayParts) {
    const { upstreams, point, log } = parts;
    [this.upstreams, this.point, this.log] = [upstreams, point, log];
    this.joined = new JoinedPermits(point);
    this.execution = new Execution(this.joined, log, parts.hash);
    this.seal = new StateSeal(parts.hash);
    const decide: ContentsParts['decide'] = (request, { client, carried, signal }) =>
      this.decide(request, carried, { task: taskIn(client, carried), signal });
    const shared = { upstreams, point, execution: this.execution, decide };
    this.contents = new Contents({ ...shared, seal: this.seal });
    this.tasks = new Tasks({
      ...shared,
      handles: new TaskHandles(parts.hash),
      decides: (method) => parts.mapper().decides(method),
      listed: (server, shown) => {
        const { upstream, tool } = this.find(shown) ?? {};
        if (tool === undefined || upstream?.name !== server) return undefined;
        return parts.mapper().listed({ server, tool: tool.name, shown, inputSchema: tool.inputSchema });
      },
    });
    const seen = new Map<string, Upstream>();
    for (const { upstream, shown } of this.all()) {
      const first = seen.get(shown);
      if (first !== undefined)
        throw new MappingError(
          `the servers ${first.name} and ${upstream.name} both have a tool ${shown}`,
          'give one of them a `prefix`',
        );
      seen.set(shown, upstream);
    }
  }

  /** Whether each client has servers for itself. */
  get hasPerClient(): boolean {
    return this.parts.startPerClient !== undefined;
  }

  /**
   * This gateway for one client, with the servers that it has for itself; the caller closes them.
   *
   * @throws {UpstreamError} when one does not start
   */
  async forClient(bridge: Bridge): Promise<{ readonly gateway: Gateway; readonly own: readonly Upstream[] }> {
    const own = (await this.parts.startPerClient?.(bridge)) ?? [];
    const upstreams = this.upstreams.map((shared) => own.find(({ name }) => name === shared.name) ?? shared);
    return { gateway: new Gateway({ ...this.parts, upstreams }), own };
  }

  /** Every tool, as its server calls it and as clients do. */
  private offered(): Offered[] {
    return firstOfEach(this.all(), ({ shown }) => shown);
  }

  /** The tool that clients call so. */
  private find(shown: string): Offered | undefined {
    for (const upstream of this.upstreams) {
      if (!shown.startsWith(upstream.prefix)) continue;
      const name = shown.slice(upstream.prefix.length);
      const tool = upstream.tools.find((one) => one.name === name);
      if (tool !== undefined) return { upstream, tool, shown };
    }
    return undefined;
  }

  /** The input schema of a tool, by the name that clients see; undefined when no server has it. */
  inputSchemaOf(tool: string): Readonly<Record<string, unknown>> | undefined {
    return this.find(tool)?.tool.inputSchema;
  }

  private all(): Offered[] {
    return this.upstreams.flatMap((upstream) =>
      upstream.tools.map((tool) => ({ upstream, tool, shown: `${upstream.prefix}${tool.name}` })),
    );
  }

  /** Whether a request is decided by its method, before it is known what it is about. */
  isDecidedAtOnce(method: string): boolean {
    const kind = kindOfMethod(method);
    return (
      kind === 'unknown' ||
      method === 'subscriptions/listen' ||
      (kind === 'server' && this.parts.mapper().decides(method))
    );
  }

  /**
   * Decides what concerns the server as a whole, where the schema has an action for it.
   *
   * @param server the gateway's resource identifier, as its clients know it
   * @throws {ProtocolError} when it may not go on
   */
  async admit(method: string, params: Json, { client, carried, signal }: McpCaller, server: string): Promise<void> {
    if (!this.parts.mapper().decides(method)) return;
    const { resource, context } = serverTarget(method, params, server);
    const by = requestBy(client);
    const request = { ...by, action: { name: method }, resource, context: { ...context, ...by.context } };
    const { decision, asked, release } = await this.decide(request, carried, { task: taskIn(client, carried), signal });
    release?.();
    if (!isPermitted(decision)) throw denial(method, decision, asked);
    await this.execution.report(decision, 'completed');
  }

  /** What a client could be permitted to call, with some arguments; and nothing that is suspended. */
  async tools(client: CallingClient, carried: Carried): Promise<Tool[]> {
    const offered = this.offered().filter(
      ({ upstream, tool }) => this.parts.toolStates.stateOf(upstream.name, tool.name).suspended === undefined,
    );
    const mapper = this.parts.mapper();
    const listed = offered.map(({ upstream, tool, shown }) =>
      mapper.listed({ server: upstream.name, tool: tool.name, shown, inputSchema: tool.inputSchema }),
    );
    const known = listed.flatMap((requests) => requests ?? []);
    const could = (await this.point.couldPermit?.(requestBy(client), known, carried)) ?? known.map(() => true);
    const hidden = new Set(known.filter((_one, i) => could[i] === false));
    return offered
      .filter((_one, i) => listed[i]?.some((request) => hidden.has(request)) !== true)
      .map(({ tool, shown }) => ({ ...tool, name: shown }));
  }

  /**
   * Decides a call and, when it is permitted, carries it out.
   *
   * @throws {ProtocolError} when it is not carried out, with a reason that an agent can act on
   */
  async call(
    client: CallingClient,
    tool: string,
    input: Record<string, unknown>,
    { signal, carried, onWait, onProgress, justification, input: userInput, takesTasks }: ToolCaller,
  ): Promise<CallResult> {
    const offered = this.find(tool);
    const upstream = offered?.upstream;
    const requests = this.requestsFor(client, offered, tool, input).map((mapped) => ({
      ...mapped,
      context: { ...mapped.context, ...trustedPrompt(client, carried) },
    })) as unknown as readonly [AccessRequest, ...AccessRequest[]];
    const of = { caller: callerText(client), server: upstream?.name ?? '', tool, arguments: input };
    const along = { signal, carried, onProgress, input: this.seal.opened(userInput, of) };
    const call = { task: taskIn(client, carried), signal, justification, ...(onWait === undefined ? {} : { onWait }) };
    const held = await decideAll(requests, {
      decide: async (request) => {
        const answer = await this.decide(request, carried, call);
        if (requests.length === 1) return answer;
        // The next is of the same call, and does not wait for this one to be done.
        answer.release?.();
        return { decision: answer.decision, asked: answer.asked };
      },
      decisionIn: ({ decision }) => decision,
      cancel: async ({ decision, release }) => {
        await this.execution.report(decision, 'not-executed');
        release?.();
      },
    });
    const last = held.at(-1) as HeldDecision;
    if (!isPermitted(last.decision)) {
      last.release?.();
      throw denial(tool, last.decision, last.asked);
    }
    try {
      const decisions = held.map(({ decision }) => decision) as [Decision, ...Decision[]];
      const decision = this.joined.join(decisions);
      if (upstream === undefined) {
        await this.execution.report(decision, 'not-executed');
        throw new ProtocolError(ERROR.mapping, `no server has a tool ${tool}`, { decisionId: decision.id });
      }
      const asServed = offered?.tool.name ?? tool;
      // What a permit asks for is carried out on an answer, which a task has only later.
      const canWait = takesTasks === true && decisions.length === 1 && decision.obligations === undefined;
      const made = { tool: asServed, input, decision, along: { ...along, takesTasks: canWait } };
      const answered = await this.execution.call(upstream, made);
      if (!isTask(answered)) return this.seal.sealed(answered, of);
      const task = { server: upstream.name, tool, decisionId: decision.id };
      return this.tasks.begun(upstream, answered, task, of.caller);
    } finally {
      for (const { release } of held) release?.();
    }
  }

  private requestsFor(
    client: CallingClient,
    offered: Offered | undefined,
    shown: string,
    input: Record<string, unknown>,
  ): readonly AccessRequest[] {
    const server = offered?.upstream.name ?? '';
    const tool = offered?.tool.name ?? shown;
    const schemaError = offered?.upstream.schemaError(tool, input);
    if (schemaError !== undefined)
      throw new ProtocolError(ERROR.mapping, `the arguments of ${shown} do not fit its schema: ${schemaError}`);
    try {
      const inputSchema = offered?.tool.inputSchema;
      const mapped = this.parts.mapper().map({ server, tool, shown, arguments: input, inputSchema }, client);
      const { suspended, findings } = this.parts.toolStates.stateOf(server, tool);
      if (suspended === undefined && findings.length === 0) return mapped;
      const said = {
        ...(suspended === undefined ? {} : { suspended }),
        ...(findings.length === 0 ? {} : { findings }),
      };
      return mapped.map((one) => ({ ...one, context: { ...one.context, ...said } }));
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      throw new ProtocolError(ERROR.mapping, `the call of ${shown} cannot be decided on: ${error.message}`);
    }
  }

  private async decide(request: AccessRequest, carried: Carried, call: HeldCall): Promise<HeldDecision> {
    try {
      return await this.parts.queue.decide(request, carried, call);
    } catch (error) {
      if (error instanceof JustificationNeeded) throw error;
      this.log.error(error, 'no decision');
      throw new ProtocolError(
        ERROR.decisionPoint,
        'the decision point did not answer; the call was not made. Try again later',
      );
    }
  }
}

/** In which task calls depend on each other. What a token says of it is not verified: it only orders the calls of one client. */
function taskIn({ task }: CallingClient, { txnToken }: Carried): string {
  return JSON.stringify([task, txnToken === undefined ? null : (transactionIn(txnToken) ?? txnToken)]);
}
