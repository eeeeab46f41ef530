import { ProtocolError } from '@modelcontextprotocol/server';
import { type CallQueue, Enforcer, requestBy } from '@writ/enforce';
import type { Attempts } from '@writ/enforce/attempts';
import type { DecisionPoint } from '@writ/sdk/authzen';
import type { Log } from '@writ/sdk/lib/log';
import type { ChangeResult } from '@writ/sdk/obligations';
import type { Bridge } from '../client/bridge.js';
import type { Upstream } from '../client/upstream.js';
import type { McpCaller } from '../protocol/caller.js';
import { ERROR } from '../protocol/errors.js';
import { kindOfMethod, serverTarget } from '../protocol/methods.js';
import { TaskHandles } from '../protocol/task-handle.js';
import type { ToolStates } from '../protocol/tool-states.js';
import { StateSeal } from '../protocol/user-input.js';
import { changeHere } from './answer-changes.js';
import { Contents } from './contents.js';
import { refusal } from './denial.js';
import { Execution } from './execution.js';
import type { CallMapper } from './map-call.js';
import { Tasks } from './tasks.js';
import { ToolCalls } from './tool-calls.js';
import { ToolCatalogue } from './tool-catalogue.js';

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
  /** Carries out obligations on results; by default in this process. */
  readonly change?: ChangeResult;
  readonly toolStates: ToolStates;
  /** Receives calls that are refused without a decision. */
  readonly attempts: Pick<Attempts, 'add'>;
  /** Returns a text for clients that connect now; undefined if nothing is to be said. */
  readonly notice?: () => string | undefined;
}

/** A gateway with the servers that one client has for itself. */
interface ClientGateway {
  readonly gateway: Gateway;
  readonly own: readonly Upstream[];
  readonly end: () => Promise<void>;
}

type Json = Readonly<Record<string, unknown>>;

/** The MCP enforcement point: every request is decided before it reaches a server. */
export class Gateway {
  readonly tools: ToolCalls;
  readonly contents: Contents;
  readonly tasks: Tasks;
  private readonly enforcer: Enforcer;
  /** The gateways of clients that have servers for themselves. */
  private readonly ofClients = new Set<Gateway>();

  /** @throws {MappingError} if two servers have a tool of one name */
  constructor(private readonly parts: GatewayParts) {
    const { upstreams, point, queue, attempts, log, hash, change = changeHere, mapper, toolStates } = parts;
    this.enforcer = new Enforcer({ point, queue, attempts, at: 'gateway', log, hash, change });
    const { enforcer } = this;
    const execution = new Execution(log);
    const seal = new StateSeal(hash);
    const catalogue = new ToolCatalogue(upstreams);
    const shared = { upstreams, point, enforcer, execution };
    this.contents = new Contents({ ...shared, seal });
    this.tasks = new Tasks({
      ...shared,
      handles: new TaskHandles(hash),
      decides: (method) => mapper().decides(method),
      listed: (server, shown) => {
        const { upstream, tool } = catalogue.find(shown) ?? {};
        if (tool === undefined || upstream?.name !== server) return undefined;
        return mapper().listed({ server, tool: tool.name, shown, inputSchema: tool.inputSchema });
      },
    });
    this.tools = new ToolCalls({ ...shared, seal, catalogue, mapper, toolStates, tasks: this.tasks });
  }

  /** Notes a message that a server of this client sends by itself. @returns false if it must not reach the client */
  serverSaid(message: unknown): boolean {
    return this.enforcer.handedOn.addByItself(message);
  }

  /** Ends the tasks of a session. Tasks that could not be ended end when they were unused for a while. */
  sessionEnded(conversation: string): void {
    const { point, log } = this.parts;
    point
      .endSession?.(conversation)
      .catch((error: unknown) => log.error(error, 'the end of a session is not recorded'));
  }

  /** A text for clients that connect now. */
  get notice(): string | undefined {
    return this.parts.notice?.();
  }

  /** Whether each client has servers for itself. */
  get hasPerClient(): boolean {
    return this.parts.startPerClient !== undefined;
  }

  /**
   * Returns this gateway for one client, with the servers that it has for itself. The caller ends it.
   *
   * @throws {UpstreamError} if a server does not start
   */
  async forClient(bridge: Bridge): Promise<ClientGateway> {
    const own = (await this.parts.startPerClient?.(bridge)) ?? [];
    const upstreams = this.parts.upstreams.map((shared) => own.find(({ name }) => name === shared.name) ?? shared);
    const gateway = new Gateway({ ...this.parts, upstreams });
    this.ofClients.add(gateway);
    const end = async (): Promise<void> => {
      this.ofClients.delete(gateway);
      await Promise.all(own.map((upstream) => upstream.close()));
      await gateway.close(0);
    };
    return { gateway, own, end };
  }

  /**
   * Permits nothing more, waits for the calls under way for a bounded time, and ends the permits of all others as `unknown`.
   *
   * @param drainMs how long calls may still take
   */
  async close(drainMs: number): Promise<void> {
    await Promise.all([this.enforcer.close(drainMs), ...[...this.ofClients].map((one) => one.close(drainMs))]);
  }

  /** Returns whether a request is decided by its method, before it is known what it is about. */
  isDecidedAtOnce(method: string): boolean {
    const kind = kindOfMethod(method);
    return (
      kind === 'unknown' ||
      method === 'subscriptions/listen' ||
      (kind === 'server' && this.parts.mapper().decides(method))
    );
  }

  /**
   * Decides a request about the server as a whole, where the schema has an action for it.
   *
   * @param server the gateway's resource identifier, as its clients know it
   * @throws {ProtocolError} if the request is refused
   */
  async admit(method: string, params: Json, caller: McpCaller, server: string): Promise<void> {
    if (!this.parts.mapper().decides(method)) return;
    const { resource, context } = serverTarget(method, params, server);
    const by = requestBy(caller.client);
    const request = { ...by, action: { name: method }, resource, context: { ...context, ...by.context } };
    const begun = await this.enforcer.begin({ name: method, requests: () => [request] }, caller);
    if (begun.kind !== 'permit') throw refusal(method, begun);
    await begun.during(async (permit) => {
      const list = await this.listOf(method, caller);
      const ended = await permit.done('completed', list ?? null);
      if (list !== undefined && ended.kind !== 'accepted')
        throw new ProtocolError(ERROR.decisionPoint, `${method} is withheld: it could not be recorded`);
    });
  }

  /** Returns the names and descriptions that a client is about to read; undefined if the method shows none. */
  private async listOf(method: string, caller: McpCaller): Promise<Json | undefined> {
    const { tools, contents } = this;
    switch (method) {
      case 'tools/list':
        return { tools: await tools.list(caller) };
      case 'resources/list':
        return { resources: await contents.resources(caller) };
      case 'resources/templates/list':
        return { resourceTemplates: await contents.templates(caller) };
      case 'prompts/list':
        return { prompts: await contents.prompts(caller) };
      default:
        return undefined;
    }
  }
}
