import type { EntityUid } from '@writ/cedar';
import { LedgerError } from '../ledger/errors.js';
import type { OutcomeStatus } from '../ledger/outcome.js';
import type { DecisionId, TaskKey } from '../lib/ids.js';
import { TokenError } from '../provenance/errors.js';
import type { Provenance } from '../provenance/path.js';
import type { Revocations } from '../registry/revocations.js';
import { boundText, usedApprovals } from './approval/approved.js';
import { Waiting } from './approval/waiting.js';
import type { Caller } from './caller.js';
import { couldPermit, type ListedAction } from './could-permit.js';
import { type Refusal, refuse, type Verdict } from './decision.js';
import { TaskMemory } from './delegation/task-memory.js';
import { proofsOf, requestProvenance, type TokenProvenance } from './delegation/token-provenance.js';
import { lineageOf, revocableOf, taskKeyOf } from './gather.js';
import { identityStatus } from './identity-status.js';
import type { Ids } from './ids.js';
import { InFlight, type OnRevoked } from './in-flight.js';
import { Judge, type JudgeParts } from './judge.js';
import { Permits, type Recorded } from './permits.js';
import type { PolicyPlane } from './plane.js';
import { mayWait, reachRevision, waitsFor } from './prepare.js';
import type { Append, DecisionRecord, OutcomeDetails } from './record.js';
import { beginRecord, conclude } from './record-draft.js';
import type { AccessRequest } from './request.js';

/** The id of a decision that is considered only. */
const NOT_RECORDED = '' as DecisionId;

/** What the pipeline is put together from: the four rooms, the record, and the clock. */
export interface DeciderParts extends JudgeParts {
  readonly plane: PolicyPlane;
  readonly revocations: Pick<Revocations, 'against' | 'onRevocation'>;
  readonly record: Append;
  /** A decision that was recorded, with its outcome. */
  readonly recorded: (id: string) => Promise<Recorded | undefined>;
  readonly clock: () => Date;
  readonly ids: Ids;
  /** Returns the keyed hash of a prompt, as tokens have it; undefined if no prompt can match one. */
  readonly hashPrompt: (prompt: string) => string | undefined;
}

/** Decisions that were made and are on their way to the disk. */
interface BegunDecisions {
  readonly records: DecisionRecord[];
  /** Why none of them stands; undefined when all are recorded. Never rejects. */
  readonly recorded: Promise<Refusal | undefined>;
}

interface BeginOptions {
  /** From the token that came with the requests; undefined if none came. */
  readonly token: TokenProvenance | undefined;
  /** The trace that they are part of (W3C Trace Context, trace-id). */
  readonly trace?: string | undefined;
  /** The last decision is the first for which this is true. */
  readonly until?: (record: DecisionRecord) => boolean;
}

/** Decides: provenance, registry, ledger, policy, reservation, record, in this order; no stage reaches back. */
export class Decider {
  /** What tasks were asked for and what was approved in them. */
  readonly memory: TaskMemory;
  private readonly permits: Permits;
  private readonly judge: Judge;
  private readonly inFlight = new InFlight();
  private readonly waiting = new Waiting();
  private current: PolicyPlane;

  constructor(private readonly parts: DeciderParts) {
    this.current = parts.plane;
    parts.revocations.onRevocation((revocation) => this.inFlight.revoked(revocation));
    this.memory = new TaskMemory({ ...parts, plane: () => this.current });
    this.permits = new Permits({
      ...parts,
      describe: (action) => {
        const { tools, detect } = this.current;
        return tools.isEmpty ? undefined : { tool: tools.of(action), detect };
      },
      eventOf: (decision) => this.memory.eventOf(decision),
    });
    this.judge = new Judge(parts, () => this.current, this.memory, this.permits);
  }

  now(): Date {
    return this.parts.clock();
  }

  /** Whether anybody is given anything for some time, or something was approved. */
  get hasExceptions(): boolean {
    return !this.parts.grants.isEmpty || !this.parts.approvals.isEmpty;
  }

  get plane(): PolicyPlane {
    return this.current;
  }

  /** From now on decides with another bundle. Decisions that are under way end as they began. */
  activate(plane: PolicyPlane): void {
    this.current = plane;
  }

  /** Somebody else's enforcement point was told that it need not wait for its outcome to be taken in: it comes soon, and is not looked up. */
  expectOutcome(record: DecisionRecord): void {
    this.permits.begin(record);
  }

  /** From now on whoever carries it out hears of it when what permits it is revoked: also what was revoked while it was recorded. */
  markStarted(record: DecisionRecord): void {
    const { id, request, provenance } = record;
    this.permits.begin(record);
    // A permit has been through this: who asks is known.
    const about = revocableOf(request, provenance as Provenance, this.parts.identities);
    this.inFlight.begin(id, about);
    const revoked = this.parts.revocations.against(() => about);
    if (revoked !== undefined) this.inFlight.revoked(revoked);
  }

  /** Tells when what permits an action that was begun is revoked. */
  onRevoked(decisionId: DecisionId, told: OnRevoked): void {
    this.inFlight.onRevoked(decisionId, told);
  }

  /** The id of the next entry on the record. */
  nextId(now: Date): string {
    return this.parts.ids.next(now);
  }

  /**
   * Waits for what has to be there before these can be decided: facts that have to be fetched, a revision that the registry is behind
   * of. It settles in a bounded time and never rejects; what did not come is not there.
   *
   * @returns undefined when there is nothing to wait for
   */
  prepare(
    requests: readonly AccessRequest[],
    caller: Caller,
    token: TokenProvenance | undefined,
  ): Promise<void> | undefined {
    if (!mayWait(requests, this.current)) return undefined;
    // Who may not ask has nothing fetched.
    const asked = requests.filter(({ action, subject, resource }) =>
      caller.rights.ask('evaluate', action.name, subject.type, resource.type),
    );
    const waits = [...waitsFor(asked, token, this.current, this.parts.revisions, this.parts.clock())];
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
  }

  /** Waits for a revision that a search wants (`context.atLeast`), for a bounded time. */
  async reach(context: AccessRequest['context']): Promise<void> {
    const wanted = context?.atLeast;
    if (Number.isSafeInteger(wanted)) await reachRevision(this.parts.revisions, wanted as number);
  }

  /** Decides and records. What is returned is the record: everything that was read on the way is in it. */
  async decide(
    request: AccessRequest,
    caller: Caller,
    token: TokenProvenance | undefined,
    trace?: string,
  ): Promise<DecisionRecord> {
    const [record] = await this.decideAll([request], caller, token, trace);
    return record as DecisionRecord;
  }

  /** Decides many, in their order, and records them together. */
  async decideAll(
    requests: Iterable<AccessRequest>,
    caller: Caller,
    token: TokenProvenance | undefined,
    trace?: string,
  ): Promise<DecisionRecord[]> {
    const asked = [...requests];
    const wait = this.prepare(asked, caller, token);
    if (wait !== undefined) await wait;
    const { records, recorded } = this.begin(asked, caller, { token, trace });
    const refusal = await recorded;
    if (refusal === undefined) return records;
    return records.map(({ obligations: _1, missing: _2, stale: _3, ...record }) => ({
      ...record,
      result: 'deny',
      reasons: [],
      refusal,
    }));
  }

  /**
   * Decides, in one turn of the event loop; the decisions stand when they are recorded. For a caller that prepares its answers
   * meanwhile, and lets the records go.
   */
  begin(requests: Iterable<AccessRequest>, caller: Caller, { token, until, trace }: BeginOptions): BegunDecisions {
    const records: DecisionRecord[] = [];
    for (const request of requests) {
      const record = this.judgeNow(request, caller, token, trace);
      records.push(record);
      if (until?.(record) === true) break;
    }
    const ids = records.map(({ id }) => id);
    const used = usedApprovals(records);
    const recorded = this.parts.record.append(records, [...proofsOf(token), ...used.map(({ proof }) => proof)]).then(
      () => undefined,
      (error: unknown) => {
        for (const { id } of used) this.parts.approvals.giveBack(id);
        return this.permits.withdraw(ids, error);
      },
    );
    return { records, recorded };
  }

  /** Which of these could be permitted to who asks, with some arguments. */
  couldPermit(request: AccessRequest, actions: readonly ListedAction[], token: TokenProvenance | undefined): boolean[] {
    const { plane } = this;
    const { revocations, identities, grants, clock } = this.parts;
    const none = actions.map(() => false);
    if (token instanceof TokenError) return none;
    const provenance = requestProvenance(request, token);
    if (typeof provenance === 'string') return none;
    const now = clock();
    plane.registry.live.expire(now.getTime());
    if (revocations.against(() => revocableOf(request, provenance, identities)) !== undefined) return none;
    if (identityStatus(provenance.path, identities, plane.registry).refusal !== undefined) return none;
    const could = actions.map((action) => couldPermit(plane, action, provenance, grants, now));
    // What was looked at for a list is missing in no decision.
    plane.registry.live.takeReads();
    return could;
  }

  /** What was deferred, or waits for somebody, is denied for good: a decision of its own, on the same facts. */
  async denyFinally(decision: DecisionRecord, refusal: Refusal): Promise<DecisionRecord> {
    const now = this.parts.clock();
    const { obligations: _1, missing: _2, stale: _3, binding: _4, took: _5, ...rest } = decision;
    const denied: DecisionRecord = {
      ...rest,
      id: this.nextId(now) as DecisionId,
      time: now.toISOString(),
      result: 'deny',
      refusal,
    };
    const resolves = this.waiting.resolvedBy(denied) ?? decision.id;
    const record = { ...denied, resolves };
    await this.parts.record.append([record]);
    return record;
  }

  /** Decides without recording and without using anything up: whether a search may name a candidate. */
  consider(request: AccessRequest, caller: Caller, token: TokenProvenance | undefined): Verdict {
    const now = this.parts.clock();
    const draft = beginRecord(NOT_RECORDED, request, caller, now, this.current.policyVersion);
    return this.judge.judge({ id: undefined, request, caller, token, now }, draft);
  }

  private judgeNow(
    request: AccessRequest,
    caller: Caller,
    token: TokenProvenance | undefined,
    trace: string | undefined,
  ): DecisionRecord {
    const begun = performance.now();
    const now = this.parts.clock();
    const id = this.nextId(now) as DecisionId;
    this.permits.expire(now);
    const record = beginRecord(id, request, caller, now, this.current.policyVersion);
    if (trace !== undefined) record.trace = trace;
    let verdict: Verdict;
    if (caller.rights.ask('evaluate', request.action.name, request.subject.type, request.resource.type)) {
      verdict = this.judge.judge({ id, request, caller, token, now }, record);
    } else {
      const what = `${request.action.name} by a ${request.subject.type} on a ${request.resource.type}`;
      verdict = refuse('caller_not_permitted', `${caller.enforcementPoint} may not ask about ${what}`);
    }
    conclude(record, verdict);
    const resolves = this.waiting.resolvedBy(record);
    if (resolves !== undefined) record.resolves = resolves;
    record.took = Math.round((performance.now() - begun) * 1_000);
    return record;
  }

  /** The keyed hash of what is asked, as {@link DecisionRecord.binding} has it; undefined for an action that is not in the schema. */
  bindingOf(request: AccessRequest): string | undefined {
    const declared = this.current.actions.get(request.action.name);
    return declared && this.parts.bind(boundText(request, declared));
  }

  /** The task of a recorded decision, as the ledger knows it. */
  taskKeyOf({ request, provenance }: DecisionRecord): TaskKey {
    return taskKeyOf(request, (provenance ?? { path: [request.subject], assurance: 0 }) as Provenance);
  }

  /** Whose eyes somebody's are: the owner's, when the registry knows one. */
  lineageOf(uid: EntityUid): string {
    return lineageOf(this.current.registry, { path: [uid], assurance: 0 });
  }

  /** Takes in what became of a permitted action: see {@link Permits.report}. */
  async report(
    decisionId: DecisionId,
    status: OutcomeStatus,
    caller: Caller,
    result?: unknown,
    details?: OutcomeDetails,
  ): Promise<boolean> {
    this.inFlight.end(decisionId);
    if (this.parts.isFollower && !(this.parts.ledger.isEmpty && this.current.tools.isEmpty))
      throw new LedgerError('outcomes are for the service that keeps the ledger; report it to that one');
    return this.permits.report(decisionId, status, caller, result, details);
  }

  /** Takes in an answer that a task read although the call was not permitted here: a recording went on. */
  labelUnpermittedResult(decision: DecisionRecord, status: OutcomeStatus, result: unknown): Promise<void> {
    return this.permits.labelUnpermittedResult(decision, status, result);
  }
}
