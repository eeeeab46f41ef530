import { type EntityUid, parseUid } from '@writ/cedar';
import type { Bundle } from '../bundle/bundle.js';
import { type Caller, inProcess } from '../decide/caller.js';
import type { Decider } from '../decide/decide.js';
import { decidingPolicies, explainBriefly, isPermitted, type Result } from '../decide/decision.js';
import { offlineDecider } from '../decide/plane-of.js';
import type { DecisionRecord } from '../decide/record.js';
import type { AccessRequest } from '../decide/request.js';
import { decideAll } from '../enforce/coaz/decide-all.js';
import { MappingError } from '../enforce/errors.js';
import type { CallMapper } from '../enforce/mcp/gateway/map-call.js';
import { mapperOf } from '../enforce/mcp/gateway/mapper-of.js';
import type { CallingClient } from '../enforce/mcp/protocol/caller.js';
import { serverOf, TEST_DATA } from './run-tests.js';

/** A recorded task. */
export interface Trace {
  readonly task: string;
  readonly prompt?: string | undefined;
  readonly principal: string | { readonly type: string; readonly id: string };
  readonly calls: readonly {
    readonly tool: string;
    readonly args: Readonly<Record<string, unknown>>;
    readonly result?: unknown;
  }[];
}

export interface ReplayedCall {
  readonly tool: string;
  readonly result: Result;
  /** The policies that decided, or the code of what refused. */
  readonly reasons: readonly string[];
  /** The same for people. */
  readonly why: string;
  readonly effects: readonly string[];
}

/** Decides the calls of recorded tasks over one ledger, and records their recorded results. */
export class TraceReplay {
  private readonly decider: Decider;
  private readonly mapper: CallMapper;
  private readonly caller: Caller = inProcess('gateway');

  constructor(
    private readonly bundle: Bundle,
    private readonly approve: boolean,
  ) {
    this.decider = offlineDecider(bundle, { append: async () => undefined }, () => new Date());
    this.mapper = mapperOf(bundle, TEST_DATA);
  }

  async run(trace: Trace): Promise<ReplayedCall[]> {
    const client = this.clientOf(trace);
    const calls: ReplayedCall[] = [];
    for (const call of trace.calls) calls.push(await this.replay(trace, client, call));
    return calls;
  }

  private async replay(trace: Trace, client: CallingClient, call: Trace['calls'][number]): Promise<ReplayedCall> {
    const { tool, args, result } = call;
    const { effects } = this.decider.plane.tools.of(tool);
    try {
      const mapped = this.mapper.map({ server: serverOf(this.bundle, tool), tool, arguments: args }, client);
      const { prompt } = trace;
      const [first, ...more] = mapped.map((one) =>
        prompt === undefined ? one : { ...one, context: { ...one.context, prompt } },
      );
      const decisions = await decideAll([first as AccessRequest, ...more], {
        decide: (request) => this.decider.decide(request, this.caller, undefined),
        decisionIn: (one) => one,
        cancel: ({ id }) => this.decider.report(id, 'not-executed', this.caller),
      });
      const decision = decisions.at(-1) as DecisionRecord;
      for (const one of isPermitted(decision) ? decisions : [decision]) await this.takeIn(one, result);
      const reasons = decidingPolicies(decision).map(({ policy }) => policy);
      const why = explainBriefly(decision);
      const refused = reasons.length === 0 && decision.refusal !== undefined ? [decision.refusal.code] : reasons;
      return { tool, result: decision.result, reasons: refused, why, effects };
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      return { tool, result: 'deny', reasons: ['mapping_failed'], why: error.message, effects };
    }
  }

  /** Gives the task a recorded result, unless the call was denied: the recording continued after each approval. */
  private async takeIn(decision: DecisionRecord, result: unknown): Promise<void> {
    if (isPermitted(decision)) await this.decider.report(decision.id, 'completed', this.caller, result ?? null);
    if (decision.result !== 'step_up') return;
    if (this.approve) this.decider.memory.endorse(decision);
    await this.decider.labelUnpermittedResult(decision, this.approve ? 'completed' : 'failed', result ?? null);
  }

  /** As a client of the bundle's gateway, when it is one; the principal alone otherwise. */
  private clientOf({ principal, task }: Trace): CallingClient {
    const { clients } = this.bundle.settings.gateway;
    const named = typeof principal === 'string' && Object.hasOwn(clients, principal) ? clients[principal] : undefined;
    const uid = named === undefined ? this.uidOf(principal) : undefined;
    const text = uid === undefined ? '' : `${uid.type}::${JSON.stringify(uid.id)}`;
    const client =
      named ?? Object.values(clients).find(({ for: originator, agent }) => originator === text || agent === text);
    if (client === undefined) return { originator: uid as EntityUid, agent: undefined, task };
    return { originator: parseUid(client.for) as EntityUid, agent: parseUid(client.agent), task };
  }

  /** A name alone is that of a user, or of whatever else the schema lets act. */
  private uidOf(principal: Trace['principal']): EntityUid {
    if (typeof principal !== 'string') return { type: principal.type, id: principal.id };
    const written = parseUid(principal);
    if (written !== undefined) return written;
    const types = [...this.bundle.schema.actions].flatMap(({ principalTypes }) => [...principalTypes]);
    return { type: types.includes('User') ? 'User' : (types[0] ?? 'User'), id: principal };
  }
}
