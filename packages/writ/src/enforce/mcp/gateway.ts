import { ProtocolError, Server } from '@modelcontextprotocol/server';
import { sameUid } from '@writ/cedar';
import type { DecisionPoint } from '../../decide/decide.js';
import { type Decision, decidingPolicies, explainBriefly } from '../../decide/decision.js';
import type { AccessRequest, Carried } from '../../decide/request.js';
import type { OutcomeStatus } from '../../ledger/outcome.js';
import { carriedBy, originatorIn } from '../carried.js';
import { MappingError } from '../errors.js';
import type { CallingClient, CallMapper } from './map-call.js';
import type { CallResult, Tool, Upstream } from './upstream.js';

/** JSON-RPC error codes of the COAZ-MCP binding, section "Errors". */
export const ERROR = { denied: -32_001, mapping: -32_602, decisionPoint: -32_603 } as const;

/** The `_meta` key under which a result names the decision that let it through. */
export const DECISION_META = 'dev.writ/decision';

/** Told to whoever runs the gateway; never to the caller. */
export type Log = (message: string) => void;

/**
 * The MCP enforcement point: every tool call is decided before it reaches its server. What is forwarded is the value
 * that was decided on, and only that.
 */
export class Gateway {
  private readonly byTool = new Map<string, Upstream>();

  constructor(
    private readonly upstreams: readonly Upstream[],
    private readonly mapper: () => CallMapper,
    private readonly point: DecisionPoint,
    private readonly log: Log,
  ) {
    for (const upstream of upstreams) {
      for (const { name } of upstream.tools) {
        const first = this.byTool.get(name);
        if (first !== undefined) {
          throw new MappingError(
            `the servers ${first.name} and ${upstream.name} both have a tool ${name}`,
            'leave one of them out',
          );
        }
        this.byTool.set(name, upstream);
      }
    }
  }

  /** An MCP server for one client; its `txnToken` is for calls that come with none. It has no method but those below; any other is answered with "method not found". */
  serverFor(
    { client, txnToken }: { readonly client: CallingClient; readonly txnToken?: string },
    headers?: Readonly<Record<string, unknown>>,
    url?: string,
  ): Server {
    const server = new Server({ name: 'writ-gateway', version: '0.1.0' }, { capabilities: { tools: {} } });
    server.setRequestHandler('tools/list', () => ({ tools: this.tools() }));
    server.setRequestHandler('tools/call', async (request, extra) => {
      const { name, arguments: input, _meta: meta } = request.params;
      const came = carriedBy(meta, headers, url);
      const carried = came.txnToken === undefined ? { ...came, txnToken } : came;
      const caller = workingFor(client, came.txnToken);
      return (await this.call(caller, name, input ?? {}, extra.mcpReq.signal, carried)) as never;
    });
    return server;
  }

  private tools(): Tool[] {
    return this.upstreams.flatMap(({ tools }) => [...tools]);
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
    signal?: AbortSignal,
    carried: Carried = {},
  ): Promise<CallResult> {
    const upstream = this.byTool.get(tool);
    const mapped = this.requestFor(client, upstream, tool, input);
    const isTold = client.tellsPrompt === true && carried.prompt !== undefined;
    const request = isTold ? { ...mapped, context: { ...mapped.context, prompt: carried.prompt } } : mapped;
    const decision = await this.decide(request, carried);
    if (decision.result !== 'allow') throw denial(tool, decision);
    if (upstream === undefined) {
      await this.report(decision, 'not-executed');
      throw new ProtocolError(ERROR.mapping, `no server has a tool ${tool}`, { decisionId: decision.id });
    }
    if (!upstream.isAlive) {
      await this.report(decision, 'not-executed');
      throw new ProtocolError(ERROR.decisionPoint, `the server of ${tool} is not running; the call was not made`, {
        decisionId: decision.id,
      });
    }
    return this.forward(upstream, tool, input, decision, signal, carried);
  }

  private requestFor(
    client: CallingClient,
    upstream: Upstream | undefined,
    tool: string,
    input: Record<string, unknown>,
  ): AccessRequest {
    const misfit = upstream?.misfit(tool, input);
    if (misfit !== undefined)
      throw new ProtocolError(ERROR.mapping, `the arguments of ${tool} do not fit its schema: ${misfit}`);
    try {
      return this.mapper().map({ server: upstream?.name ?? '', tool, arguments: input }, client);
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      throw new ProtocolError(ERROR.mapping, `the call of ${tool} cannot be decided on: ${error.message}`);
    }
  }

  private async decide(request: AccessRequest, carried: Carried): Promise<Decision> {
    try {
      return await this.point.decide(request, carried);
    } catch (error) {
      this.log(`no decision: ${error instanceof Error ? error.message : String(error)}`);
      throw new ProtocolError(
        ERROR.decisionPoint,
        'the decision point did not answer; the call was not made. Try again later',
      );
    }
  }

  private async forward(
    upstream: Upstream,
    tool: string,
    input: Record<string, unknown>,
    decision: Decision,
    signal: AbortSignal | undefined,
    carried: Carried,
  ): Promise<CallResult> {
    let result: CallResult;
    const revoked = this.point.interruption?.(decision.id);
    try {
      // To abort it is to send the server the protocol's own notice that it is cancelled.
      result = await upstream.call(tool, input, eitherOf(signal, revoked), carried);
    } catch (error) {
      if (revoked?.aborted === true) throw await this.interrupted(tool, decision, String(revoked.reason));
      // An error that the server answered with means that it refused; anything else leaves the effect open.
      const refused = ProtocolError.isInstance(error) && upstream.isAlive;
      await this.report(decision, refused ? 'failed' : 'unknown');
      this.log(`${upstream.name} failed in ${tool}: ${error instanceof Error ? error.message : String(error)}`);
      const message = refused
        ? `${tool} failed: ${(error as Error).message}`
        : `${tool} was begun and its server stopped answering; it may have been done`;
      throw new ProtocolError(ERROR.decisionPoint, message, { decisionId: decision.id });
    }
    const isTakenIn = await this.report(decision, result.isError === true ? 'failed' : 'completed', result);
    // What nobody took in would be read and have no labels.
    if (!isTakenIn)
      throw new ProtocolError(
        ERROR.decisionPoint,
        `${tool} was done; what it answered is withheld, because it could not be recorded`,
        {
          decisionId: decision.id,
        },
      );
    const meta = (result._meta ?? {}) as Record<string, unknown>;
    return { ...result, _meta: { ...meta, [DECISION_META]: decision.id } };
  }

  /** What permitted a call was revoked while its server was at work. */
  private async interrupted(tool: string, decision: Decision, why: string): Promise<ProtocolError> {
    await this.report(decision, 'unknown');
    return new ProtocolError(
      ERROR.denied,
      `${tool} was begun and is cancelled, because ${why}; it may have been done`,
      { decisionId: decision.id, result: 'deny', refusal: { code: 'revoked', message: why } },
    );
  }

  /** An outcome that cannot be reported counts as done at the decision point, so nothing is lost by going on. */
  private async report(decision: Decision, status: OutcomeStatus, result?: unknown): Promise<boolean> {
    try {
      await this.point.report(decision.id, status, result);
      return true;
    } catch (error) {
      this.log(
        `the outcome of ${decision.id} was not reported: ${error instanceof Error ? error.message : String(error)}`,
      );
      return false;
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

function eitherOf(first: AbortSignal | undefined, second: AbortSignal | undefined): AbortSignal | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return AbortSignal.any([first, second]);
}

function denial(tool: string, decision: Decision): ProtocolError {
  return new ProtocolError(ERROR.denied, `${tool} was not permitted: ${explainBriefly(decision)}`, {
    decisionId: decision.id,
    result: decision.result,
    reasons: decidingPolicies(decision),
    ...(decision.refusal === undefined ? {} : { refusal: decision.refusal }),
  });
}
