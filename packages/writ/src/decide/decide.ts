import { CedarError, type CedarJsonObject, type EntityUid } from '@writ/cedar';
import { LedgerError } from '../ledger/errors.js';
import type { Ledger } from '../ledger/ledger.js';
import type { OutcomeStatus } from '../ledger/outcome.js';
import { TokenError } from '../provenance/errors.js';
import { actorOf, type Provenance } from '../provenance/path.js';
import type { HeldApprovals } from '../registry/approvals.js';
import type { Grants } from '../registry/grants.js';
import type { Identities } from '../registry/identities.js';
import type { RevisionLog } from '../registry/revision-log.js';
import type { Revocations } from '../registry/revocations.js';
import { AppliedApprovals, type Asked, boundText, presentedIn, recordedApproval, usedApprovals } from './approved.js';
import type { Caller } from './caller.js';
import { buildContext } from './context.js';
import { couldPermit, type ListedAction } from './could-permit.js';
import { dataFlowOf, recordedOrigins, untraced } from './data-flow.js';
import { isPermitted, isRequestable, type Refusal } from './decision.js';
import { evaluate, refuse, type Verdict } from './evaluate.js';
import {
  EntityGatherer,
  eventOf,
  joinedProvenance,
  ledgerNames,
  lineageOf,
  misfitOf,
  missingFacts,
  provenanceOf,
  revocableOf,
  taskKeyOf,
  taskOf,
  withheldFacts,
} from './gather.js';
import type { Ids } from './ids.js';
import { InFlight, type OnRevoked, revokedText } from './in-flight.js';
import { coverageOf, mandateFor, mandatePolicy, outsideVerdict } from './mandates.js';
import { Permits, type Recorded } from './permits.js';
import type { PolicyPlane } from './plane.js';
import { type Believe, type DecisionPoint, pointFor } from './point.js';
import { behindOf, mayWait, reachRevision, waitsFor } from './prepare.js';
import type { Append, DecisionRecord, OutcomeDetails, UsedProof } from './record.js';
import { referredFacts } from './referred.js';
import type { AccessRequest } from './request.js';
import { standingOf } from './standing.js';
import { TaskMemory } from './task-memory.js';
import { newTrail, recordOf, type Trail } from './trail.js';
import { Waiting } from './waiting.js';

/** What the pipeline is put together from: the four rooms, the record, and the clock. */
export interface DeciderParts {
  readonly plane: PolicyPlane;
  readonly ledger: Ledger;
  readonly revocations: Pick<Revocations, 'against'> & Partial<Pick<Revocations, 'onRevocation'>>;
  /** What identities are given for some time. */
  readonly grants?: Pick<Grants, 'of' | 'isEmpty'>;
  /** What somebody approved. */
  readonly approvals?: HeldApprovals;
  /** The keyed hash of what an approval is for. */
  readonly bind?: (text: string) => string;
  /** The identities that are registered. */
  readonly identities?: Pick<Identities, 'find' | 'isEmpty'>;
  /** Of which revision the registry is. */
  readonly revisions?: Pick<RevisionLog, 'revision' | 'reaches'>;
  readonly log: Append;
  /** A decision that was recorded, with its outcome. */
  readonly recorded: (id: string) => Promise<Recorded | undefined>;
  readonly clock: () => Date;
  readonly ids: Ids;
  /** Whether what was done so far is kept by another service, which this one follows: then nothing is permitted that needs it. */
  readonly isFollower?: boolean;
  /** Why what was revoked lately may not be known here; undefined while it is. */
  readonly staleness?: () => string | undefined;
  /** The keyed hash of a prompt, as tokens have it. */
  readonly hashPrompt?: (prompt: string) => string;
}

/** Decisions that were made and are on their way to the disk. */
export interface BegunDecisions {
  readonly records: DecisionRecord[];
  /** Why none of them stands; undefined when all are recorded. Never rejects. */
  readonly recorded: Promise<Refusal | undefined>;
}

/** What a transaction token says of who asks; or why it is not believed. */
export type TokenProvenance = Provenance | TokenError;

export interface BeginOptions {
  /** From the token that came with the requests. */
  readonly token?: TokenProvenance | undefined;
  /** The trace that they are part of (W3C Trace Context, trace-id). */
  readonly trace?: string | undefined;
  /** The last decision is the first for which this is true. */
  readonly until?: (record: DecisionRecord) => boolean;
}

/** The pipeline of design section 1. */
export class Decider {
  /** What tasks were asked for and what was approved in them. */
  readonly memory: TaskMemory;
  private readonly permits: Permits;
  private readonly inFlight = new InFlight();
  private readonly waiting = new Waiting();
  private current: PolicyPlane;

  constructor(private readonly parts: DeciderParts) {
    this.current = parts.plane;
    parts.revocations.onRevocation?.((revocation) => this.inFlight.revoked(revocation));
    this.memory = new TaskMemory({ ...parts, plane: () => this.current });
    this.permits = new Permits({
      ...parts,
      describe: (action) => {
        const { tools, detect } = this.current;
        return tools.isEmpty ? undefined : { tool: tools.of(action), detect };
      },
      eventOf: (decision) => this.memory.eventOf(decision),
    });
  }

  now(): Date {
    return this.parts.clock();
  }

  /** Whether anybody is given anything for some time, or something was approved. */
  get hasExceptions(): boolean {
    return this.parts.grants?.isEmpty === false || this.parts.approvals?.isEmpty === false;
  }

  get plane(): PolicyPlane {
    return this.current;
  }

  /** From now on decides with another bundle. Decisions that are under way end as they began. */
  activate(plane: PolicyPlane): void {
    this.current = plane;
  }

  /**
   * The decision point as one enforcement point in this process sees it.
   *
   * @param believe what a transaction token says, or why it is not believed
   */
  for(caller: Caller, believe?: Believe): DecisionPoint {
    return pointFor(this, caller, believe);
  }

  /** Somebody else's enforcement point was told that it need not wait for its outcome to be taken in: it comes soon, and is not looked up. */
  expectOutcome(record: DecisionRecord): void {
    this.permits.begin(record);
  }

  /** From now on whoever carries it out hears of it when what permits it is revoked: also what was revoked while it was recorded. */
  begun(record: DecisionRecord): void {
    const { id, request, provenance } = record;
    this.permits.begin(record);
    // A permit has been through this: who asks is known.
    const about = revocableOf(request, provenance as Provenance, this.parts.identities);
    this.inFlight.begin(id, about);
    const revoked = this.parts.revocations.against(() => about);
    if (revoked !== undefined) this.inFlight.revoked(revoked);
  }

  /** Tells when what permits an action that was begun is revoked. */
  onRevoked(decisionId: string, told: OnRevoked): void {
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
  prepare(requests: readonly AccessRequest[], caller: Caller, token?: TokenProvenance): Promise<void> | undefined {
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
    token?: TokenProvenance,
    trace?: string,
  ): Promise<DecisionRecord> {
    const [record] = await this.decideAll([request], caller, token, trace);
    return record as DecisionRecord;
  }

  /** Decides many, in their order, and records them together. */
  async decideAll(
    requests: Iterable<AccessRequest>,
    caller: Caller,
    token?: TokenProvenance,
    trace?: string,
  ): Promise<DecisionRecord[]> {
    const asked = [...requests];
    const wait = this.prepare(asked, caller, token);
    if (wait !== undefined) await wait;
    const { records, recorded } = this.begin(asked, caller, { token, trace });
    const refusal = await recorded;
    if (refusal === undefined) return records;
    return records.map(({ obligations: _none, missing: _neither, ...record }) => ({
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
  begin(requests: Iterable<AccessRequest>, caller: Caller, { token, until, trace }: BeginOptions = {}): BegunDecisions {
    const records: DecisionRecord[] = [];
    for (const request of requests) {
      const record = this.judgeNow(request, caller, token, trace);
      records.push(record);
      if (until?.(record) === true) break;
    }
    const ids = records.map(({ id }) => id);
    const used = usedApprovals(records);
    const recorded = this.parts.log.append(records, [...proofsOf(token), ...used.map(({ proof }) => proof)]).then(
      () => undefined,
      (error: unknown) => {
        for (const { id } of used) this.parts.approvals?.giveBack(id);
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
    const provenance = token === undefined ? provenanceOf(request) : joinedProvenance(token, request);
    if (typeof provenance === 'string') return none;
    const now = clock();
    plane.registry.live.expire(now.getTime());
    if (revocations.against(() => revocableOf(request, provenance, identities)) !== undefined) return none;
    if (standingOf(provenance.path, identities, plane.registry).refusal !== undefined) return none;
    const could = actions.map((action) => couldPermit(plane, action, provenance, grants, now));
    // What was looked at for a list is missing in no decision.
    plane.registry.live.takeReads();
    return could;
  }

  /** What was deferred, or waits for somebody, is denied for good: a decision of its own, on the same facts. */
  async giveUp(decision: DecisionRecord, refusal: Refusal): Promise<DecisionRecord> {
    const now = this.parts.clock();
    const { obligations: _obligations, missing: _missing, binding: _binding, took: _took, ...rest } = decision;
    const denied: DecisionRecord = {
      ...rest,
      id: this.nextId(now),
      time: now.toISOString(),
      result: 'deny',
      refusal,
    };
    const resolves = this.waiting.seen(denied) ?? decision.id;
    const record = { ...denied, resolves };
    await this.parts.log.append([record]);
    return record;
  }

  /** Decides without recording and without using anything up: whether a search may name a candidate. */
  consider(request: AccessRequest, caller: Caller, token?: TokenProvenance): Verdict {
    return this.judge(undefined, request, caller, token, this.parts.clock(), newTrail());
  }

  private judgeNow(
    request: AccessRequest,
    caller: Caller,
    token: TokenProvenance | undefined,
    trace: string | undefined,
  ): DecisionRecord {
    const begun = performance.now();
    const now = this.parts.clock();
    const id = this.nextId(now);
    this.permits.expire(now);
    const trail = newTrail();
    trail.trace = trace;
    let verdict: Verdict;
    if (caller.rights.ask('evaluate', request.action.name, request.subject.type, request.resource.type)) {
      verdict = this.judge(id, request, caller, token, now, trail);
    } else {
      const what = `${request.action.name} by a ${request.subject.type} on a ${request.resource.type}`;
      verdict = refuse('caller_not_permitted', `${caller.enforcementPoint} may not ask about ${what}`);
    }
    const record = recordOf({ id, ...verdict, policyVersion: this.current.policyVersion }, request, caller, now, trail);
    const resolves = this.waiting.seen(record);
    if (resolves !== undefined) record.resolves = resolves;
    record.took = Math.round((performance.now() - begun) * 1_000);
    return record;
  }

  /** What can be asked for is bound to what was asked. */
  private bound(verdict: Verdict, asked: Asked): Verdict {
    if (isRequestable(verdict)) asked.binding();
    return verdict;
  }

  /** The keyed hash of what is asked, as {@link DecisionRecord.binding} has it; undefined for an action that is not in the schema. */
  bindingOf(request: AccessRequest): string | undefined {
    const declared = this.current.actions.get(request.action.name);
    return declared && this.parts.bind?.(boundText(request, declared));
  }

  /** The task of a recorded decision, as the ledger knows it. */
  taskOf({ request, provenance }: DecisionRecord): string {
    return taskKeyOf(request, (provenance ?? { path: [request.subject], assurance: 0 }) as Provenance);
  }

  /** Whose eyes somebody's are: the owner's, when the registry knows one. */
  lineageOf(uid: EntityUid): string {
    return lineageOf(this.current.registry, { path: [uid], assurance: 0 });
  }

  /** Takes in what became of a permitted action: see {@link Permits.report}. */
  async report(
    decisionId: string,
    status: OutcomeStatus,
    caller: Caller,
    result?: unknown,
    details?: OutcomeDetails,
  ): Promise<boolean> {
    this.inFlight.end(decisionId);
    if (this.parts.isFollower === true && !(this.parts.ledger.isEmpty && this.current.tools.isEmpty))
      throw new LedgerError('outcomes are for the service that keeps the ledger; report it to that one');
    return this.permits.report(decisionId, status, caller, result, details);
  }

  /** Takes in an answer that a task read although the call was not permitted here: a recording went on. */
  readAnyway(decision: DecisionRecord, status: OutcomeStatus, result: unknown): Promise<void> {
    return this.permits.readAnyway(decision, status, result);
  }

  /**
   * One turn of the event loop from reading the ledger to reserving in it: nothing else decides in between.
   *
   * @param id of the decision for which a permit reserves; undefined to reserve nothing
   */
  private judge(
    id: string | undefined,
    request: AccessRequest,
    caller: Caller,
    token: TokenProvenance | undefined,
    now: Date,
    trail: Trail,
  ): Verdict {
    const { plane } = this;
    const { ledger, revocations, revisions } = this.parts;
    try {
      if (token instanceof TokenError) return refuse('token_invalid', `the transaction token: ${token.message}`);
      const provenance = token === undefined ? provenanceOf(request) : joinedProvenance(token, request);
      if (typeof provenance === 'string') return refuse('invalid_request', provenance);
      trail.provenance = provenance;

      const { name } = request.action;
      const declared = plane.actions.get(name);
      if (declared === undefined) return refuse('unknown_action', `the action ${name} is not in the schema`);
      const decided = plane.delegation === 'path' ? provenance.path : [actorOf(provenance)];
      const misfit = misfitOf(declared, decided, request.resource);
      if (misfit !== undefined) return refuse('invalid_request', misfit);
      const { live } = plane.registry;
      live.expire(now.getTime());
      live.takeReads();
      trail.revision = revisions?.revision;
      const behind = behindOf(request, trail.revision);
      if (behind !== undefined) return behind;
      const revoked = revocations.against(() => revocableOf(request, provenance, this.parts.identities));
      if (revoked !== undefined) return refuse('revoked', revokedText(revoked));
      const suspended = request.context?.suspended;
      if (suspended !== undefined) return refuse('tool_suspended', String(suspended));
      const standing = standingOf(provenance.path, this.parts.identities, plane.registry);
      if (standing.refusal !== undefined) return refuse('revoked', standing.refusal);

      const gatherer = new EntityGatherer(plane.registry, caller);
      const granted = this.parts.grants?.isEmpty === false ? this.parts.grants : undefined;
      const identities = decided.map((uid) =>
        gatherer.identity(uid, request.subject, granted?.of(uid, provenance.txn ?? taskOf(request), now)),
      );
      const resource = gatherer.resource(request.resource);
      const entities = [...identities, resource];
      trail.facts = gatherer.facts;
      if (gatherer.ignored.length > 0) trail.ignored = gatherer.ignored;

      const tool = plane.tools.of(name);
      const lineage = (): string => lineageOf(plane.registry, provenance);
      const mandate = mandateFor(provenance.mandate, plane.usualMandate, name);
      const input = request.context?.input;
      const coverage =
        mandate &&
        coverageOf(
          mandate,
          { name, effects: tool.isDescribed ? tool.effects : undefined, resource: request.resource, input, now },
          ledger.caps,
        );
      if (coverage !== undefined) trail.mandate = coverage;
      // Nothing needs it where nothing is remembered.
      let known: string | undefined;
      const key = (): string => (known ??= taskKeyOf(request, provenance));
      if (id !== undefined && !plane.tools.isEmpty) this.memory.hearWith(key(), request, provenance, caller);
      const flow = plane.tools.isEmpty
        ? untraced(tool)
        : dataFlowOf(tool, request, { ledger, task: key(), coverage, now });
      if (flow.call !== undefined) trail.origins = recordedOrigins(flow.call.origins);
      const event =
        ledger.isEmpty && plane.tools.isEmpty ? undefined : eventOf(request, provenance, key(), lineage(), flow);
      if (this.parts.isFollower === true && (event !== undefined || coverage?.use !== undefined))
        return refuse(
          'ledger_unavailable',
          'what was done so far is kept by the service that this one follows; ask that one',
        );
      if (event !== undefined) trail.ledger = ledger.read(event, now, ...ledgerNames(declared));
      const asked: Asked = {
        request,
        path: provenance.path,
        // A getter would give each decision a hidden class of its own, and keep all of it until the next full collection.
        task: key,
        enforcementPoint: caller.enforcementPoint,
        policyVersion: plane.policyVersion,
        binding: () => (trail.binding ??= this.parts.bind?.(boundText(request, declared)) ?? ''),
        now,
      };
      const approved = new AppliedApprovals(this.parts.approvals, asked, this.parts.isFollower === true);
      const context = buildContext(declared, {
        approvals: () => approved.lifted,
        given: request.context ?? {},
        action: request.action.properties,
        provenance,
        isRegistered: standing.isRegistered,
        lineage,
        ledger: trail.ledger,
        flow,
        mandate: coverage,
        now,
      });
      const seen = seenIn(context);
      if (seen !== undefined) trail.seen = seen;
      trail.referred = referredFacts(plane.dereferences, entities, context, plane.registry);
      const supported = supportedBy(caller, request);
      if (supported.size > 0) trail.supported = [...supported];
      const verdict = evaluate({
        policies: plane.policies,
        entities: plane.registry.entities,
        identities,
        resource,
        action: declared.uid,
        context,
        obligations: plane.obligations,
        supported,
        missing: () => missingFacts(plane.registry, entities),
        withheld: () => withheldFacts(plane.registry),
        approved: (policies) => approved.lift(policies),
        stale: this.parts.staleness,
      });
      if (request.context?.approval !== undefined) trail.presented = presentedIn(request, this.parts.approvals, asked);
      if (!isPermitted(verdict)) return this.bound(verdict, asked);
      if (coverage?.covers === false && approved.lift([mandatePolicy(coverage.kind)]).size === 0)
        return this.bound(outsideVerdict(coverage, plane.tasks, request), asked);
      const { relied } = approved;
      if (relied.size > 0) trail.approvals = [...relied].map(recordedApproval);
      if (id !== undefined) {
        for (const approval of relied) this.parts.approvals?.use(approval);
        const reserved = this.permits.reserve(id, event, coverage?.use, caller, now);
        if (reserved.length > 0) trail.reserved = reserved;
      }
      return verdict;
    } catch (error) {
      if (error instanceof CedarError) return refuse('invalid_request', error.message);
      if (error instanceof LedgerError) return refuse('ledger_unavailable', error.message);
      return refuse('internal_error', `the decision failed: ${messageOf(error)}`);
    }
  }
}

/** What goes on disk with whatever is done because of a token. */
export function proofsOf(token: TokenProvenance | undefined): readonly UsedProof[] {
  return token === undefined || token instanceof TokenError || token.usedProof === undefined ? [] : [token.usedProof];
}

/** What of the context is nowhere else in the record: it goes there, so that the decision can be made again. */
function seenIn(context: CedarJsonObject): Trail['seen'] {
  let seen: Record<string, unknown> | undefined;
  const { provenance } = context;
  if (typeof provenance === 'object' && ('registered' in provenance || 'lineage' in provenance)) {
    const { registered, lineage } = provenance as CedarJsonObject;
    seen = {
      provenance: {
        ...(registered === undefined ? {} : { registered }),
        ...(lineage === undefined ? {} : { lineage }),
      },
    };
  }
  for (const name of ['mandate', 'tool', 'origins'])
    if (context[name] !== undefined) seen = { ...seen, [name]: context[name] };
  return seen;
}

const NONE: ReadonlySet<string> = new Set();

/** What the enforcement point can carry out: by its registration, and by what it says in the request. */
function supportedBy({ obligations }: Caller, { context }: AccessRequest): ReadonlySet<string> {
  const declared = context?.supported_obligations;
  if (!Array.isArray(declared)) return obligations.length === 0 ? NONE : new Set(obligations);
  return new Set([...obligations, ...declared.filter((type) => typeof type === 'string')]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
