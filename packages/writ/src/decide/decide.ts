import type { EntityUid } from '@writ/cedar';
import {
  type AccessRequest,
  type ListedAction,
  type OnRevoked,
  type OutcomeDetails,
  type OutcomeStatus,
  type Refusal,
  refuse,
  type Verdict,
} from '@writ/sdk/authzen';
import { LedgerError } from '../ledger/errors.js';
import type { AnswerReader } from '../ledger/flow/answer-reader.js';
import { type Clock, latestBy } from '../lib/clock.js';
import type { Deadlines } from '../lib/deadlines.js';
import type { DecisionId, TaskKey, Txn } from '../lib/ids.js';
import { TokenError } from '../provenance/errors.js';
import type { Provenance } from '../provenance/path.js';
import type { Revocation } from '../registry/revocation.js';
import type { Revocations } from '../registry/revocations.js';
import { boundText, usedApprovals } from './approval/approved.js';
import { Waiting } from './approval/waiting.js';
import type { Caller } from './caller.js';
import { TaskMemory } from './delegation/task-memory.js';
import { proofsOf, requestProvenance, type TokenProvenance } from './delegation/token-provenance.js';
import { type ForeseenOperation, foreseen } from './foresee.js';
import { lineageOf, revocableOf, taskKeyOf } from './gather.js';
import { identityStatus } from './identity-status.js';
import type { Ids } from './ids.js';
import { InFlight } from './in-flight.js';
import { Judge, type JudgeParts } from './judge.js';
import { LateRecords } from './late-records.js';
import { type Outlook, outlookOf } from './outlook.js';
import { Permits, type Recorded } from './permits.js';
import type { PlainTasks } from './plain-tasks.js';
import type { PolicyPlane } from './plane.js';
import { mayWait, reachRevision, waitsFor } from './prepare.js';
import type { Append, ChangeRecord, DecisionRecord } from './record.js';
import { beginRecord, conclude } from './record-draft.js';

/** The id of a decision that is only considered. */
const NOT_RECORDED = '' as DecisionId;

/** The parts of the pipeline: the four rooms, the record, the clock. */
export interface DeciderParts extends JudgeParts {
  readonly plane: PolicyPlane;
  readonly revocations: Pick<Revocations, 'against' | 'onRevocation'>;
  readonly record: Append;
  /** Finds a recorded decision with its outcome. */
  readonly recorded: (id: string) => Promise<Recorded | undefined>;
  readonly reader: AnswerReader;
  /** Is notified of an answer that could not be read within its bounds. */
  readonly unread: (action: string, error: unknown) => void;
  /** Bounds the time that a decision may be on its way to the disk; undefined if nothing does. */
  readonly deadlines?: Deadlines | undefined;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Returns the keyed hash of a prompt, as tokens have it; undefined if no prompt can match one. */
  readonly hashPrompt: (prompt: string) => string | undefined;
  /** The tasks of requests without a token. */
  readonly plainTasks: Pick<PlainTasks, 'of' | 'wouldContinue' | 'endSession'>;
}

/** Decisions that were made and are being recorded. */
interface BegunDecisions {
  readonly records: DecisionRecord[];
  /** Resolves to why none of them counts; to undefined once all are recorded. Never rejects. */
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
  /** The prompts and the approved values of tasks. */
  readonly memory: TaskMemory;
  private readonly permits: Permits;
  private readonly judge: Judge;
  private readonly lateRecords: LateRecords | undefined;
  private readonly inFlight = new InFlight();
  private readonly waiting = new Waiting();
  private current: PolicyPlane;

  constructor(private readonly parts: DeciderParts) {
    this.current = parts.plane;
    parts.ledger.lineageMs = parts.plane.lineageMs;
    parts.revocations.onRevocation((revocation) => this.inFlight.revoked(revocation));
    this.memory = new TaskMemory({ ...parts, plane: () => this.current });
    this.permits = new Permits({
      ...parts,
      describe: (action, input) => {
        const { tools, detect } = this.current;
        return tools.isEmpty ? undefined : { tool: tools.ofCall(action, input), detect };
      },
      learns: () => !this.current.tools.isEmpty,
      eventOf: (decision) => this.memory.eventOf(decision),
    });
    const { deadlines } = parts;
    this.lateRecords = deadlines && new LateRecords(deadlines, (...undone) => this.permits.undo(...undone));
    this.judge = new Judge(parts, () => this.current, this.memory, this.permits);
  }

  now(): Date {
    return this.parts.clock();
  }

  /** Whether there is a grant or an approval. */
  get hasExceptions(): boolean {
    return !this.parts.grants.isEmpty || !this.parts.approvals.isEmpty;
  }

  get plane(): PolicyPlane {
    return this.current;
  }

  /** Switches to another bundle. Decisions under way end with the one they began with. */
  activate(plane: PolicyPlane): void {
    this.current = plane;
    this.parts.ledger.lineageMs = plane.lineageMs;
  }

  /** Caches the record: a remote enforcement point will report its outcome shortly. */
  expectOutcome(record: DecisionRecord): void {
    this.permits.begin(record);
  }

  /** Watches a permitted action for revocations, from when it was decided: one may have arrived while it was recorded. */
  markStarted(record: DecisionRecord): void {
    this.permits.begin(record);
    this.watch(record);
  }

  private watch({ id, request, provenance, enforcementPoint }: DecisionRecord): void {
    // A permitted request has a provenance.
    const about = revocableOf(request, provenance as Provenance, this.parts.identities);
    this.inFlight.begin(id, about, enforcementPoint);
    const revoked = this.parts.revocations.against(() => about);
    if (revoked !== undefined) this.inFlight.revoked(revoked);
  }

  /**
   * Returns why an action that a remote enforcement point carries out has to be cut; undefined if it need not be. It is watched from the
   * first call on.
   */
  async whyRevoked(decisionId: DecisionId, caller: Caller): Promise<string | undefined> {
    if (this.inFlight.find(decisionId) === undefined) {
      const found = await this.permits.find(decisionId, caller);
      if (found !== undefined) this.watch(found);
    }
    const call = this.inFlight.find(decisionId);
    return call?.enforcementPoint === caller.enforcementPoint ? call.why : 'you have no such permit under way';
  }

  /** Registers a listener for the revocation of a permit under way. */
  onRevoked(decisionId: DecisionId, listener: OnRevoked): void {
    this.inFlight.onRevoked(decisionId, listener);
  }

  /** Returns how many actions that are under way a revocation is about. */
  underWay(revocation: Revocation): number {
    return this.inFlight.countOf(revocation);
  }

  /** Returns the id of the next entry of the record. */
  nextId(now: Date): string {
    return this.parts.ids.next(now);
  }

  /**
   * Waits for facts that have to be fetched, and for a revision that the registry has not reached. Settles in a bounded time and never
   * rejects; a fact that did not arrive is missing.
   *
   * @returns undefined if there is nothing to wait for
   */
  prepare(
    requests: readonly AccessRequest[],
    caller: Caller,
    token: TokenProvenance | undefined,
  ): Promise<void> | undefined {
    if (!mayWait(requests, this.current)) return undefined;
    // Nothing is fetched for a caller that may not ask.
    const asked = requests.filter(({ action, subject, resource }) =>
      caller.rights.ask('evaluate', action.name, subject.type, resource.type),
    );
    const waits = [...waitsFor(asked, token, this.current, this.parts.revisions, this.parts.clock())];
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
  }

  /** Waits, for a bounded time, until the registry is at the revision that a search wants (`context.atLeast`). */
  async reach(context: AccessRequest['context']): Promise<void> {
    const wanted = context?.atLeast;
    if (Number.isSafeInteger(wanted)) await reachRevision(this.parts.revisions, wanted as number);
  }

  /** Decides and records. Returns the record, which has everything that was read on the way. */
  async decide(
    request: AccessRequest,
    caller: Caller,
    token: TokenProvenance | undefined,
    trace?: string,
  ): Promise<DecisionRecord> {
    const [record] = await this.decideAll([request], caller, token, trace);
    return record as DecisionRecord;
  }

  /** Decides requests in their order, and records them together. */
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
    return records.map(({ obligations: _1, missing: _2, stale: _3, retryAt: _4, ...record }) => ({
      ...record,
      result: 'deny',
      reasons: [],
      refusal,
    }));
  }

  /**
   * Decides in one turn of the event loop. The decisions count once they are recorded; a caller prepares its answers meanwhile.
   * hot: a caller must not keep the records.
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
    return { records, recorded: this.lateRecords?.inTime(records, recorded, caller) ?? recorded };
  }

  /** Returns for each action whether it could be permitted to the caller, with some arguments. */
  couldPermit(
    request: AccessRequest,
    actions: readonly ListedAction[],
    token: TokenProvenance | undefined,
    caller: Pick<Caller, 'isObserved'> = {},
  ): boolean[] {
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
    const latest = this.latest(now);
    if (caller.isObserved === true && this.parts.observing.isOn(latest)) return actions.map(() => true);
    const could = actions.map((action) => outlookOf(plane, action, provenance, grants, latest) !== 'never');
    // Facts that were read for a list count as read by no decision.
    plane.registry.live.takeReads();
    return could;
  }

  /** Returns what requests of an operation can get, whatever their arguments are. Nothing is recorded. */
  foresee(
    operation: ForeseenOperation,
    by: Pick<AccessRequest, 'subject' | 'context'>,
    caller: Caller,
    token: TokenProvenance | undefined,
  ): Outlook {
    const now = this.parts.clock();
    return foreseen(operation, { by, caller, token, now, latest: this.latest(now) }, this.current, this.parts);
  }

  /** Denies finally what was deferred or waits for an approval: a decision of its own, on the same facts. */
  async denyFinally(decision: DecisionRecord, refusal: Refusal): Promise<DecisionRecord> {
    const now = this.parts.clock();
    const { obligations: _1, missing: _2, stale: _3, binding: _4, took: _5, retryAt: _6, ...rest } = decision;
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

  /** Judges without recording and without using anything up, for searches and lists. */
  consider(request: AccessRequest, caller: Caller, token: TokenProvenance | undefined): Verdict {
    const now = this.parts.clock();
    const draft = beginRecord(NOT_RECORDED, request, caller, now, this.current.policyVersion);
    return this.judge.judge({ id: undefined, request, caller, token, now, latest: this.latest(now) }, draft);
  }

  private latest(now: Date): Date {
    const { clock } = this.parts;
    return clock.doubt === undefined ? now : new Date(latestBy(clock));
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
      verdict = this.judge.judge({ id, request, caller, token, now, latest: this.latest(now) }, record);
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

  /** Returns the keyed hash of a request, as {@link DecisionRecord.binding} has it; undefined if the schema does not have the action. */
  bindingOf(request: AccessRequest): string | undefined {
    const declared = this.current.actions.get(request.action.name);
    return declared && this.parts.bind(boundText(request, declared));
  }

  /** Returns the key of the task of a recorded decision. */
  taskKeyOf({ request, provenance }: DecisionRecord): TaskKey {
    return taskKeyOf(request, (provenance ?? { path: [request.subject], assurance: 0 }) as Provenance);
  }

  /** Returns the lineage of an identity: its owner if the registry knows one, otherwise the identity. */
  lineageOf(uid: EntityUid): string {
    return lineageOf(this.current.registry, { path: [uid], assurance: 0 });
  }

  /** Records the outcome of a permitted action: see {@link Permits.report}. */
  async report(
    decisionId: DecisionId,
    status: OutcomeStatus,
    caller: Caller,
    result?: unknown,
    details?: OutcomeDetails,
  ): Promise<void> {
    this.inFlight.end(decisionId);
    if (this.parts.isFollower && !(this.parts.ledger.isEmpty && this.current.tools.isEmpty))
      throw new LedgerError('outcomes are for the service that keeps the ledger; report it to that one');
    return this.permits.report(decisionId, status, caller, result, details);
  }

  /**
   * Ends the tasks without a token of a session of an enforcement point, and records that. No later call continues them.
   *
   * @throws {WritError} if it cannot be recorded; the tasks have ended all the same
   */
  async endSession({ enforcementPoint: by }: Caller, conversation: string): Promise<readonly Txn[]> {
    const now = this.parts.clock();
    const tasks = this.parts.plainTasks.endSession(by, conversation, now);
    if (tasks.length === 0) return tasks;
    const detail = { conversation, tasks };
    const ended = { kind: 'change', id: this.nextId(now), time: now.toISOString(), by, what: 'session.end', detail };
    await this.parts.record.append([ended as ChangeRecord]);
    return tasks;
  }

  /** Labels an answer that a task read although the call was not permitted here, as in a replayed trace. */
  labelUnpermittedResult(decision: DecisionRecord, status: OutcomeStatus, result: unknown): Promise<void> {
    return this.permits.labelUnpermittedResult(decision, status, result);
  }
}
