import { type EntityUid, parseUid } from '@writ/cedar/uid';
import type { CallingClient } from '@writ/enforce';
import { decideAll, MappingError } from '@writ/enforce';
import { type AccessRequest, decidingPolicies, explainBriefly, isPermitted, type Result } from '@writ/sdk/authzen';
import type { Bundle } from '../bundle/bundle.js';
import { type Caller, inProcess } from '../decide/caller.js';
import type { Decider } from '../decide/decide.js';
import { UNREAD } from '../decide/outcome.js';
import { offlineDecider } from '../decide/plane-of.js';
import type { DecisionRecord } from '../decide/record.js';
import type { CallMapper } from '../enforce/mcp/gateway/map-call.js';
import { mapperOf } from '../enforce/mcp/gateway/mapper-of.js';
import { type Echo, echoesOf } from '../ledger/flow/echo.js';
import { Ledger } from '../ledger/ledger.js';
import { HeldApprovals } from '../registry/approvals.js';
import { approveOffline } from './approve-offline.js';
import { serverOf, TEST_DATA } from './run-tests.js';
import { StartedTasks } from './task-of-kind.js';
import type { RecordedCall, Trace } from './trace-file.js';

export interface ReplayedCall {
  readonly tool: string;
  readonly result: Result;
  /** The policies that decided, or the code of what refused. */
  readonly reasons: readonly string[];
  /** The same for people. */
  readonly why: string;
  readonly effects: readonly string[];
}

/** How long each decision, and the labelling of each answer, took. */
export interface Durations {
  readonly decisionsUs: number[];
  readonly answersUs: number[];
}

/** A call as its answer is labelled. */
interface ObservedCall {
  readonly action: string;
  readonly input: unknown;
  /** The labels of the stored things that it reads. */
  readonly stored: readonly string[];
  /** The arguments that the answer may repeat. */
  readonly echoes: readonly Echo[];
}

interface ReplayOptions {
  /** Whether each call that a person would be asked about is approved. */
  readonly approve: boolean;
  /** Whether the answer of a call that was denied is read also, as it was when it was recorded. */
  readonly readsDenied?: boolean;
  /** Is given each call that is decided, before its answer is read. */
  readonly observe?: (call: RecordedCall, seen: ObservedCall) => void;
}

/** Decides the calls of recorded tasks over one ledger, and records their recorded results. */
export class TraceReplay {
  private readonly decider: Decider;
  private readonly mapper: CallMapper;
  private readonly caller: Caller = inProcess('gateway');
  private readonly approvals = new HeldApprovals([]);
  private readonly ledger: Ledger;
  private readonly started: StartedTasks;
  /** The time of the call that is replayed. */
  private now = new Date(0);

  constructor(
    private readonly bundle: Bundle,
    private readonly options: ReplayOptions,
    private readonly durations: Durations,
  ) {
    this.ledger = new Ledger(bundle.ledger.accumulators);
    this.decider = offlineDecider(bundle, { append: async () => undefined }, () => this.now, {
      ledger: this.ledger,
      approvals: this.approvals,
      bind: (text) => text,
    });
    this.started = new StartedTasks(this.decider.plane);
    this.mapper = mapperOf(bundle, TEST_DATA);
  }

  async run(trace: Trace): Promise<ReplayedCall[]> {
    const client = this.clientOf(trace);
    const calls: ReplayedCall[] = [];
    for (const call of trace.calls) calls.push(await this.replay(trace, client, call));
    return calls;
  }

  private async replay(trace: Trace, client: CallingClient, call: RecordedCall): Promise<ReplayedCall> {
    const { tool, args, at } = call;
    const { effects } = this.decider.plane.tools.ofCall(tool, args);
    this.now = at;
    try {
      const mapped = this.mapper.map({ server: serverOf(this.bundle, tool), tool, arguments: args }, client);
      const { prompt } = trace;
      const [first, ...more] = mapped.map((one) =>
        prompt === undefined ? one : { ...one, context: { ...one.context, prompt } },
      );
      /** The questions that a person would be asked, all approved. */
      const approved: DecisionRecord[] = [];
      const decisions = await decideAll([first as AccessRequest, ...more], {
        decide: (request) => this.decide(request, trace, approved),
        decisionIn: (one) => one,
        cancel: (one) => {
          this.decider.expectOutcome(one);
          return this.decider.report(one.id, 'not-executed', this.caller);
        },
      });
      const decision = decisions.at(-1) as DecisionRecord;
      for (const one of isPermitted(decision) ? decisions : [decision]) await this.takeIn(one, call);
      const [asked] = isPermitted(decision) ? approved : [];
      const { result } = asked ?? decision;
      return { tool, result, reasons: reasonsOf(asked ?? decision), why: explainBriefly(asked ?? decision), effects };
    } catch (error) {
      if (!(error instanceof MappingError)) throw error;
      return { tool, result: 'deny', reasons: ['mapping_failed'], why: error.message, effects };
    }
  }

  /** Decides a request. One that a person would approve is decided again with the approval, so that it uses up what a permit does. */
  private async decide(request: AccessRequest, trace: Trace, approved: DecisionRecord[]): Promise<DecisionRecord> {
    const decision = await this.decideOnce(request, trace);
    if (!this.options.approve || !approveOffline(decision, this.decider, this.approvals, 'once')) return decision;
    const again = await this.decideOnce(request, trace);
    if (!isPermitted(again)) return decision;
    approved.push(decision);
    return again;
  }

  private async decideOnce(request: AccessRequest, { kind, task: name, prompt }: Trace): Promise<DecisionRecord> {
    const token = kind === undefined ? undefined : this.started.tokenOf({ kind, name, prompt }, request);
    const decision = await this.decider.decide(request, this.caller, token);
    this.durations.decisionsUs.push(decision.took ?? 0);
    return decision;
  }

  /** Gives the task a recorded result, unless the call was denied: the recording continued after each approval. */
  private async takeIn(decision: DecisionRecord, call: RecordedCall): Promise<void> {
    const { outcome, result } = call;
    // The answer of a call whose outcome nobody knows can have been read.
    const read = result !== undefined ? result : outcome === 'unknown' ? UNREAD : null;
    const { approve, readsDenied = false, observe } = this.options;
    observe?.(call, this.observed(decision));
    const begun = performance.now();
    if (isPermitted(decision)) {
      this.decider.expectOutcome(decision);
      await this.decider.report(decision.id, outcome, this.caller, read);
    } else if (decision.result === 'step_up' || readsDenied) {
      await this.decider.labelUnpermittedResult(decision, approve ? outcome : 'failed', read);
    } else return;
    this.durations.answersUs.push((performance.now() - begun) * 1_000);
  }

  private observed(decision: DecisionRecord): ObservedCall {
    const { action, context } = decision.request;
    const event = this.ledger.waiting(decision.id)?.event ?? this.decider.memory.eventOf(decision);
    const { input = context?.input ?? {}, data } = event ?? {};
    const known = event && {
      values: this.ledger.values.known(event.keys.task, event.lineage, this.now),
      taskLabels: this.ledger.labels.within(event.keys.task, event.lineage, this.now),
      named: [],
    };
    const echoes =
      known === undefined ? [] : echoesOf(this.decider.plane.tools.ofCall(action.name, input), input, known);
    return { action: action.name, input, stored: data?.stored ?? [], echoes };
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

/** Returns the policies that decided, and the code of a refusal that denied, whatever stood in the way too. */
function reasonsOf(decision: DecisionRecord): string[] {
  const policies = decidingPolicies(decision).map(({ policy }) => policy);
  const code = decision.refusal?.code;
  const isApart = policies.length === 0 || (decision.result === 'deny' && code !== 'not_permitted');
  return code !== undefined && isApart ? [...policies, code] : policies;
}
