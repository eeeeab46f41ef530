import { ProtocolError, Server } from '@modelcontextprotocol/server';
import { sameUid } from '@writ/cedar';
import { isPermitted } from '../../decide/decision.js';
import type { DecisionPoint } from '../../decide/point.js';
import type { AccessRequest, Carried } from '../../decide/request.js';
import { carriedBy, originatorIn, transactionIn } from '../carried.js';
import { MappingError } from '../errors.js';
import {
  type ApprovalDesk,
  type HeldCall,
  type HeldDecision,
  Holding,
  type HoldSettings,
  JustificationNeeded,
} from '../holding.js';
import { CarryOut, ERROR, type Log } from './carry-out.js';
import { type AskedWith, Contents } from './contents.js';
import { denial } from './denial.js';
import { firstOfEach } from './first-of-each.js';
import { askForJustification, justificationIn } from './justification.js';
import { type CallingClient, type CallMapper, promptTold, requestBy } from './map-call.js';
import type { CallResult, Tool, Upstream } from './upstream.js';

export { DECISION_META, type Log } from './carry-out.js';

export interface GatewayParts {
  readonly upstreams: readonly Upstream[];
  readonly mapper: () => CallMapper;
  readonly point: DecisionPoint;
  readonly log: Log;
  /** How long calls are held that wait for somebody, or for a fact. */
  readonly hold: () => HoldSettings;
  /** Where what was stopped can be asked for; nowhere when it is not given. */
  readonly desk?: ApprovalDesk | undefined;
  /** The keyed hash of what obligations change. */
  readonly hash: (text: string) => string;
  /** Which tools are as somebody approved them; all, when it is not given. */
  readonly pins?: ToolStates | undefined;
}

/** What is known of the definition of a tool. */
export interface ToolStates {
  stateOf(
    server: string,
    tool: string,
  ): { readonly suspended?: string | undefined; readonly findings: readonly string[] } | undefined;
}

interface Offered {
  readonly upstream: Upstream;
  readonly tool: Tool;
  readonly shown: string;
}

/** What a call comes with besides its name and arguments. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly carried?: Carried;
  /** Told while the call is held. */
  readonly onWait?: HeldCall['onWait'];
  readonly justification?: HeldCall['justification'];
}

/**
 * The MCP enforcement point: every tool call is decided before it reaches its server. What is forwarded is the value
 * that was decided on, and only that.
 */
export class Gateway {
  private readonly upstreams: readonly Upstream[];
  private readonly point: DecisionPoint;
  private readonly log: Log;
  private readonly holding: Holding;
  private readonly carryOut: CarryOut;
  private readonly contents: Contents;

  /** @throws {MappingError} when two servers have a tool of one name */
  constructor(private readonly parts: GatewayParts) {
    const { upstreams, point, log } = parts;
    [this.upstreams, this.point, this.log] = [upstreams, point, log];
    this.holding = new Holding(point, parts.hold, parts.desk);
    this.carryOut = new CarryOut(point, log, parts.hash);
    this.contents = new Contents({
      upstreams,
      point,
      carryOut: this.carryOut,
      decide: (request, { client, carried, signal }) =>
        this.decide(request, carried, { task: taskIn(client, carried), signal }),
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

  /** An MCP server for one client; its `txnToken` is for calls that come with none. It has no method but those below; any other is answered with "method not found". */
  serverFor(
    { client, txnToken }: { readonly client: CallingClient; readonly txnToken?: string },
    headers?: Readonly<Record<string, unknown>>,
    url?: string,
  ): Server {
    const offers = this.contents.offers;
    const capabilities = {
      tools: { listChanged: true },
      ...(offers.resources ? { resources: { listChanged: true } } : {}),
      ...(offers.prompts ? { prompts: { listChanged: true } } : {}),
    };
    const server: Server = new Server({ name: 'writ-gateway', version: '0.1.0' }, { capabilities });
    const askedBy = (meta: Record<string, unknown> | undefined, signal: AbortSignal): AskedWith => {
      const came = carriedBy(meta, headers, url);
      const carried = came.txnToken === undefined ? { ...came, txnToken } : came;
      return { client: workingFor(client, came.txnToken), carried, signal };
    };
    server.setRequestHandler('tools/list', async (request, { mcpReq }) => {
      const asked = askedBy(request.params?._meta, mcpReq.signal);
      return { tools: await this.tools(asked.client, asked.carried) };
    });
    if (offers.resources) {
      server.setRequestHandler('resources/list', async (request, { mcpReq }) => ({
        resources: await this.contents.resources(askedBy(request.params?._meta, mcpReq.signal)),
      }));
      server.setRequestHandler('resources/templates/list', async (request, { mcpReq }) => ({
        resourceTemplates: await this.contents.templates(askedBy(request.params?._meta, mcpReq.signal)),
      }));
      server.setRequestHandler('resources/read', async ({ params }, { mcpReq }) => {
        const asked = askedBy(params._meta, mcpReq.signal);
        return (await this.contents.read(params.uri, asked)) as never;
      });
    }
    if (offers.prompts) {
      server.setRequestHandler('prompts/list', async (request, { mcpReq }) => ({
        prompts: await this.contents.prompts(askedBy(request.params?._meta, mcpReq.signal)),
      }));
      server.setRequestHandler('prompts/get', async ({ params }, { mcpReq }) => {
        const asked = askedBy(params._meta, mcpReq.signal);
        return (await this.contents.prompt(params.name, params.arguments ?? {}, asked)) as never;
      });
    }
    server.setRequestHandler('tools/call', async (request, extra) => {
      const { name, arguments: input, _meta: meta } = request.params;
      const came = carriedBy(meta, headers, url);
      const carried = came.txnToken === undefined ? { ...came, txnToken } : came;
      const caller = workingFor(client, came.txnToken);
      const onWait = progressOf(meta?.progressToken, (notification) => extra.mcpReq.notify(notification));
      const justification = justificationIn(extra.mcpReq.inputResponses, server.getClientCapabilities());
      const options = { signal: extra.mcpReq.signal, carried, onWait, justification };
      try {
        return (await this.call(caller, name, input ?? {}, options)) as never;
      } catch (error) {
        if (!(error instanceof JustificationNeeded)) throw error;
        return askForJustification(name, error.message) as never;
      }
    });
    return server;
  }

  /** What a client could be permitted to call, with some arguments; and nothing that is suspended. */
  private async tools(client: CallingClient, carried: Carried): Promise<Tool[]> {
    const offered = this.offered().filter(
      ({ upstream, tool }) => this.parts.pins?.stateOf(upstream.name, tool.name)?.suspended === undefined,
    );
    const mapper = this.parts.mapper();
    const listed = offered.map(({ upstream, tool, shown }) =>
      mapper.listed({ server: upstream.name, tool: tool.name, shown }),
    );
    const known = listed.filter((one) => one !== undefined);
    const could = (await this.point.couldPermit?.(requestBy(client), known, carried)) ?? known.map(() => true);
    const hidden = new Set(known.filter((_one, i) => could[i] === false));
    return offered
      .filter((_one, i) => listed[i] === undefined || !hidden.has(listed[i]))
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
    { signal, carried = {}, onWait, justification }: CallOptions = {},
  ): Promise<CallResult> {
    const offered = this.find(tool);
    const upstream = offered?.upstream;
    const mapped = this.requestFor(client, offered, tool, input);
    const request = { ...mapped, context: { ...mapped.context, ...promptTold(client, carried) } };
    const { decision, asked, release } = await this.decide(request, carried, {
      task: taskIn(client, carried),
      signal,
      justification,
      ...(onWait === undefined ? {} : { onWait }),
    });
    try {
      if (!isPermitted(decision)) throw denial(tool, decision, asked);
      if (upstream === undefined) {
        await this.carryOut.report(decision, 'not-executed');
        throw new ProtocolError(ERROR.mapping, `no server has a tool ${tool}`, { decisionId: decision.id });
      }
      return await this.carryOut.forward(upstream, {
        tool: offered?.tool.name ?? tool,
        input,
        decision,
        signal,
        carried,
      });
    } finally {
      release?.();
    }
  }

  private requestFor(
    client: CallingClient,
    offered: Offered | undefined,
    shown: string,
    input: Record<string, unknown>,
  ): AccessRequest {
    const server = offered?.upstream.name ?? '';
    const tool = offered?.tool.name ?? shown;
    const misfit = offered?.upstream.misfit(tool, input);
    if (misfit !== undefined)
      throw new ProtocolError(ERROR.mapping, `the arguments of ${shown} do not fit its schema: ${misfit}`);
    try {
      const mapped = this.parts.mapper().map({ server, tool, shown, arguments: input }, client);
      const { suspended, findings = [] } = this.parts.pins?.stateOf(server, tool) ?? {};
      if (suspended === undefined && findings.length === 0) return mapped;
      const said = {
        ...(suspended === undefined ? {} : { suspended }),
        ...(findings.length === 0 ? {} : { findings }),
      };
      return { ...mapped, context: { ...mapped.context, ...said } };
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      throw new ProtocolError(ERROR.mapping, `the call of ${shown} cannot be decided on: ${error.message}`);
    }
  }

  private async decide(request: AccessRequest, carried: Carried, call: HeldCall): Promise<HeldDecision> {
    try {
      return await this.holding.decide(request, carried, call);
    } catch (error) {
      if (error instanceof JustificationNeeded) throw error;
      this.log(`no decision: ${error instanceof Error ? error.message : String(error)}`);
      throw new ProtocolError(
        ERROR.decisionPoint,
        'the decision point did not answer; the call was not made. Try again later',
      );
    }
  }
}

/**
 * A client that is known by a credential of its own, and comes with the token of a task that it was handed, works for whom the token
 * names. That name is believed only when the token is: a request for somebody else than its token is refused.
 */
function workingFor(client: CallingClient, txnToken: string | undefined): CallingClient {
  if (txnToken === undefined || client.agent !== undefined) return client;
  const named = originatorIn(txnToken);
  if (named === undefined || sameUid(named, client.originator)) return client;
  return { ...client, originator: named, agent: client.originator };
}

/** In which task calls depend on each other. What a token says of it is not verified: it only orders the calls of one client. */
function taskIn({ task }: CallingClient, { txnToken }: Carried): string {
  return JSON.stringify([task, txnToken === undefined ? null : (transactionIn(txnToken) ?? txnToken)]);
}

/** Tells a client that asked for it how far its call is (MCP, "Progress"). */
function progressOf(
  token: unknown,
  notify: (notification: { method: string; params: Record<string, unknown> }) => Promise<void>,
): HeldCall['onWait'] {
  if (typeof token !== 'string' && typeof token !== 'number') return undefined;
  return (message, ms) => {
    // It has to grow; a client that is gone is found out by the call.
    const params = { progressToken: token, progress: ms / 1_000, message };
    notify({ method: 'notifications/progress', params }).catch(() => undefined);
  };
}
