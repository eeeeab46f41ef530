import {
  type ActionDeclaration,
  CedarError,
  type CedarJsonObject,
  type Entity,
  type EntityUid,
  uidText,
} from '@writ/cedar';
import { type AccessRequest, isPermitted, isRequestable, refuse, type Verdict } from '@writ/sdk/authzen';
import { messageOf } from '@writ/sdk/lib/message-of';
import { LedgerError, UnknownValueError } from '../ledger/errors.js';
import type { ToolDescription } from '../ledger/flow/tool-description.js';
import type { Ledger, LedgerValues } from '../ledger/ledger.js';
import type { DecisionId, Txn } from '../lib/ids.js';
import { TokenError } from '../provenance/errors.js';
import { actorOf, type Provenance } from '../provenance/path.js';
import type { HeldApprovals } from '../registry/approvals.js';
import type { Grants, RoleGrant } from '../registry/grants.js';
import type { Identities } from '../registry/identities.js';
import type { RevisionLog } from '../registry/revision-log.js';
import type { Revocations } from '../registry/revocations.js';
import { AppliedApprovals, type Asked, boundText, presentedIn, recordedApproval } from './approval/approved.js';
import type { Caller } from './caller.js';
import { buildContext } from './context.js';
import type { TaskMemory } from './delegation/task-memory.js';
import { requestProvenance, type TokenProvenance } from './delegation/token-provenance.js';
import { evaluate, type Gathered } from './evaluate.js';
import { derivedOf, NOTHING_DERIVED } from './event-more.js';
import {
  EntityGatherer,
  keyOfTask,
  ledgerNames,
  missingFacts,
  otherNameOf,
  revocableOf,
  schemaErrorOf,
  taskNameOf,
  withheldFacts,
} from './gather.js';
import { type History, historyOf } from './history.js';
import { identityStatus } from './identity-status.js';
import { revokedText } from './in-flight.js';
import { mandatePolicy, outsideVerdict } from './mandates.js';
import { inputMisfit, misfit, misfitBy } from './misfit.js';
import { goesThrough, letThrough, type Observing } from './observing.js';
import { decidedParts, gatheredParts, partsOf, partsRefused } from './parts.js';
import type { Permits } from './permits.js';
import { placedIn } from './placing.js';
import type { PlainTasks } from './plain-tasks.js';
import type { PolicyPlane } from './plane.js';
import { behindOf } from './prepare.js';
import type { DecisionRecord } from './record.js';
import { plainProvenance, plainValues, type RecordDraft } from './record-draft.js';
import { referredFacts } from './replay/referred.js';
import { retryTime } from './retry.js';

/**
 * The parts that a verdict depends on, apart from the policy plane. Each is required, so that no check is off because a
 * part was forgotten; without a service, {@link OFFLINE} has a named value for each.
 */
export interface JudgeParts {
  readonly ledger: Ledger;
  readonly revocations: Pick<Revocations, 'against'>;
  /** Memberships that identities have for a limited time. */
  readonly grants: Pick<Grants, 'of' | 'isEmpty'>;
  readonly approvals: HeldApprovals;
  /** Returns the keyed hash of what an approval is for. */
  readonly bind: (text: string) => string;
  /** The registered identities. */
  readonly identities: Pick<Identities, 'find' | 'isEmpty'>;
  /** The revision that the registry is at. */
  readonly revisions: Pick<RevisionLog, 'revision' | 'reaches'>;
  /** Whether another service keeps the ledger: this one then permits nothing that needs it. */
  readonly isFollower: boolean;
  /** Returns why recent revocations may be unknown here; undefined while they are known. */
  readonly staleness: () => string | undefined;
  /** The tasks of requests without a token. */
  readonly plainTasks: Pick<PlainTasks, 'of' | 'wouldContinue'>;
  readonly observing: Observing;
}

/** A request to judge. */
interface JudgeInput {
  /** The decision that a permit reserves for; undefined to reserve nothing. */
  readonly id: DecisionId | undefined;
  readonly request: AccessRequest;
  readonly caller: Caller;
  readonly token: TokenProvenance | undefined;
  readonly now: Date;
  /** The later of that time and that of the machine: grants and approvals that end by either are over. */
  readonly latest: Date;
}

/** A request that passed the checks that come before policy. */
interface Admitted {
  readonly provenance: Provenance;
  /** The action of the schema, or why no policy can be asked about the request: it goes through while the service observes. */
  readonly declared: ActionDeclaration | Verdict;
  /** The identities that must each be permitted. */
  readonly decided: readonly EntityUid[];
  readonly isRegistered: () => boolean;
  /** The prompt of its task, of a request without a token. */
  readonly prompt: string | undefined;
  /** The tasks that its task follows, of a request without a token. */
  readonly before: readonly Txn[] | undefined;
}

/** Judges requests: from the checks before policy to the reservation. */
export class Judge {
  constructor(
    private readonly parts: JudgeParts,
    private readonly plane: () => PolicyPlane,
    private readonly memory: TaskMemory,
    private readonly permits: Permits,
  ) {}

  /**
   * Judges a request in one turn of the event loop, from reading the ledger to reserving in it: nothing else decides in between. Never
   * throws: a failure is a refusal.
   *
   * @param draft the record, which receives what was read on the way
   */
  judge(given: JudgeInput, draft: RecordDraft): Verdict {
    try {
      const plane = this.plane();
      const admitted = this.admit(given, plane, draft);
      return 'provenance' in admitted ? this.evaluatePolicies(given, admitted, plane, draft) : admitted;
    } catch (error) {
      if (error instanceof CedarError) return misfitBy(error);
      if (error instanceof UnknownValueError && error.isMissing) return refuse('fact_missing', error.message);
      if (error instanceof LedgerError) {
        const code = error instanceof UnknownValueError ? 'invalid_request' : 'ledger_unavailable';
        return this.inputMisfit(given) ?? refuse(code, error.message);
      }
      return refuse('internal_error', `the decision failed: ${messageOf(error)}`);
    }
  }

  /** Runs the checks that deny before any policy is evaluated. */
  private admit(given: JudgeInput, plane: PolicyPlane, draft: RecordDraft): Admitted | Verdict {
    const { request, token, now } = given;
    const { revocations, revisions, identities } = this.parts;
    if (token instanceof TokenError) return refuse('token_invalid', `the transaction token: ${token.message}`);
    const proved = requestProvenance(request, token);
    if (typeof proved === 'string') return refuse('invalid_request', proved);
    const { speaking, enforcementPoint } = given.caller;
    // Before the record has the identities: they were only named.
    if (token === undefined && speaking !== undefined && !speaking.covers(proved.path))
      return refuse(
        'caller_not_permitted',
        `${enforcementPoint} may speak for ${speaking.whom} and not for ${proved.path.map(uidText).join(' > ')}; ${speaking.help}`,
      );
    draft.provenance = plainProvenance(proved);
    const placed = placedIn(given, proved, this.parts, plane);
    if (placed === undefined) return refuse('revoked', 'the session of this call has ended, and its task with it');
    const { provenance, prompt, before } = placed;
    draft.provenance = plainProvenance(provenance);
    if (placed.began !== undefined) draft.provenance = { ...draft.provenance, began: placed.began };

    const { name } = request.action;
    const decided = plane.delegation === 'path' ? provenance.path : [actorOf(provenance)];
    const declared = declaredFor(plane, name, decided, request);
    if ('result' in declared && !this.goesThrough(given)) return declared;
    const { live } = plane.registry;
    live.expire(now.getTime());
    live.takeReads();
    const { revision } = revisions;
    if (revision > 0) draft.revision = revision;
    const behind = behindOf(request, revision);
    if (behind !== undefined) return behind;
    const revoked = revocations.against(() => revocableOf(request, provenance, identities));
    if (revoked !== undefined) return refuse('revoked', revokedText(revoked));
    const suspended = request.context?.suspended;
    if (suspended !== undefined) return refuse('tool_suspended', String(suspended));
    const status = identityStatus(provenance.path, identities, plane.registry);
    if (status.refusal !== undefined) return refuse('revoked', status.refusal);
    return { provenance, declared, decided, isRegistered: status.isRegistered, prompt, before };
  }

  /** Returns the denial of arguments that do not fit the schema, on which the ledger failed first. */
  private inputMisfit({ request: { action, context = {} }, caller }: JudgeInput): Verdict | undefined {
    try {
      const plane = this.plane();
      const declared = plane.actions.get(action.name);
      const { opaque } = caller.isWrit === true ? plane.tools.own(action.name) : plane.tools.of(action.name);
      return declared && inputMisfit(declared, context, opaque);
    } catch {
      // The failure of the ledger is a denial already.
      return undefined;
    }
  }

  private goesThrough(given: JudgeInput): boolean {
    return goesThrough(this.parts.observing, given);
  }

  /** Reserves what a call uses up, and notes it in the draft. */
  private reserve(id: DecisionId, { event, coverage }: History, caller: Caller, now: Date, draft: RecordDraft): void {
    const use = coverage?.use;
    const reserved = this.permits.reserve(id, event, use, caller, now);
    if (reserved.length > 0) draft.reserved = reserved;
    if (draft.mandate !== undefined && use !== undefined) draft.mandate = { ...draft.mandate, use };
  }

  private historyOf(
    given: JudgeInput,
    admitted: Admitted,
    plane: PolicyPlane,
    draft: RecordDraft,
    entities: readonly Entity[],
  ): History {
    return historyOf({ ledger: this.parts.ledger, memory: this.memory, plane }, given, admitted, draft, entities);
  }

  /** Lets a call through that the rules would stop. It uses up and brings what a permitted one does. */
  private letThrough({ id, caller, now }: JudgeInput, verdict: Verdict, history: History, draft: RecordDraft): Verdict {
    // A call that is only considered does not go through.
    this.reserve(id as DecisionId, history, caller, now, draft);
    return letThrough(verdict);
  }

  /** Evaluates the policies on the facts and the history of the task; a permit reserves what it uses up. */
  private evaluatePolicies(given: JudgeInput, admitted: Admitted, plane: PolicyPlane, draft: RecordDraft): Verdict {
    const { id, request, caller, now, latest } = given;
    const { provenance, declared, decided, isRegistered, before } = admitted;
    if ('result' in declared)
      return this.letThrough(given, declared, this.historyOf(given, admitted, plane, draft, []), draft);
    const { ledger, isFollower, grants, approvals, bind, staleness } = this.parts;
    const gatherer = new EntityGatherer(plane.registry, caller);
    const identities = decided.map((uid) =>
      gatherer.identity(
        uid,
        request.subject,
        grants.isEmpty
          ? NO_GRANTS
          : grants.of(uid, provenance.txn ?? taskNameOf(request), latest, otherNameOf(request, provenance)),
      ),
    );
    const resource = gatherer.resource(request.resource);
    const entities = [...identities, resource];
    draft.facts = gatherer.facts;
    if (gatherer.ignored.length > 0) draft.ignored = gatherer.ignored;

    const history = this.historyOf(given, admitted, plane, draft, entities);
    const { coverage, flow, event, whole, task, lineage } = history;
    if (isFollower && (event !== undefined || coverage?.use !== undefined))
      return refuse(
        'ledger_unavailable',
        'what was done so far is kept by the service that this one follows; ask that one',
      );
    const names = ledgerNames(declared);
    const values = event === undefined ? NO_VALUES : ledger.read(event, now, names[0], names[1]);
    if (event !== undefined) draft.ledger = plainValues(values);
    const asked: Asked = {
      request,
      path: provenance.path,
      // hot: a getter would give each decision a hidden class of its own, and keep all of it until the next full collection.
      task,
      before: before?.map(keyOfTask),
      enforcementPoint: caller.enforcementPoint,
      policyVersion: plane.policyVersion,
      binding: () => (draft.binding ??= bind(boundText(request, declared))),
      now: latest,
    };
    const approved = new AppliedApprovals(approvals, asked, isFollower);
    const parts = {
      approvals: () => approved.lifted,
      consents: () => approved.consented,
      given: request.context ?? {},
      action: request.action.properties,
      provenance,
      isRegistered,
      lineage,
      ledger: values,
      derived: whole === undefined ? NOTHING_DERIVED : (name: string) => derivedOf(plane, whole, name),
      flow,
      mandate: coverage,
      now,
    };
    const context = buildContext(declared, parts);
    const seen = seenIn(context);
    const named = partsOf(flow.tool);
    const refused = partsRefused(flow.tool, named, declared);
    const things =
      refused === undefined ? gatheredParts(named, () => new EntityGatherer(plane.registry, caller), draft) : [];
    if (seen !== undefined) draft.seen = seen;
    const referred = referredFacts(
      plane.dereferences,
      [...entities, ...things.map((one) => one.resource)],
      context,
      plane.registry,
    );
    if (referred !== undefined && referred.length > 0) draft.referred = referred;
    const supported = supportedBy(caller, request);
    if (supported.size > 0) draft.supported = [...supported];
    const gathered: Gathered = {
      policies: plane.policies,
      entities: plane.registry.entities,
      identities,
      resource,
      action: declared.uid,
      context,
      parts: decidedParts(things, declared, context),
      obligations: plane.obligations,
      supported,
      missing: () => missingFacts(plane.registry, [...entities, ...things.map((one) => one.resource)]),
      withheld: () => withheldFacts(plane.registry),
      approved: (policies) => approved.lift(policies),
      stale: staleness,
    };
    const goesThrough = this.goesThrough(given);
    const verdict = refused ?? (goesThrough ? evaluatedAnyhow(gathered) : evaluate(gathered));
    if (request.context?.approval !== undefined) draft.presented = presentedIn(request, approvals, asked);
    const isOutside = coverage?.covers === false && approved.lift([mandatePolicy(coverage.kind)]).size === 0;
    const outside = isOutside ? outsideVerdict(verdict, coverage, plane.tasks, request) : verdict;
    const decidedOn = causedBy(flow.tool, outside, plane);
    if (!isPermitted(decidedOn)) {
      if (goesThrough) return this.letThrough(given, decidedOn, history, draft);
      if (!isOutside && event !== undefined && id !== undefined) {
        const at = retryTime(verdict, ledger.endsAfter(event, now, values), (time) => {
          const then = buildContext(declared, { ...parts, ledger: ledger.readAfter(event, time, values) });
          return evaluate({ ...gathered, context: then, parts: decidedParts(things, declared, then) });
        });
        if (at !== undefined) draft.retryAt = new Date(at).toISOString();
      }
      return bound(decidedOn, asked);
    }
    const { relied } = approved;
    if (relied.size > 0) draft.approvals = [...relied].map(recordedApproval);
    if (id === undefined) return verdict;
    for (const approval of relied) approvals.use(approval);
    this.reserve(id, history, caller, now, draft);
    return verdict;
  }
}

/** Returns the action of a request as the schema declares it, or a denial: no policy can be asked about the request. */
function declaredFor(
  plane: PolicyPlane,
  name: string,
  decided: readonly EntityUid[],
  request: AccessRequest,
): ActionDeclaration | Verdict {
  const declared = plane.actions.get(name);
  if (declared === undefined) return refuse('unknown_action', `the action ${name} is not in the schema`);
  const why = schemaErrorOf(plane.schema, declared, decided, request.resource);
  return why === undefined ? declared : misfit(why);
}

/** Evaluates the policies; arguments that they cannot be asked about are a denial, and no error. */
function evaluatedAnyhow(gathered: Gathered): Verdict {
  try {
    return evaluate(gathered);
  } catch (error) {
    if (error instanceof CedarError) return misfitBy(error);
    throw error;
  }
}

/** Returns a verdict with the cause of what policies stopped, if nobody described the tool. */
function causedBy(tool: ToolDescription, verdict: Verdict, { tools }: PolicyPlane): Verdict {
  const isCause = !tools.isEmpty && !tool.isDescribed && !tool.isOwn && !isPermitted(verdict);
  const isStopped = verdict.reasons.some(({ effect }) => effect === 'forbid');
  return isCause && isStopped ? { ...verdict, undescribed: true } : verdict;
}

/** Binds a verdict that somebody can lift on request to exactly this request. */
function bound(verdict: Verdict, asked: Asked): Verdict {
  if (isRequestable(verdict)) asked.binding();
  return verdict;
}

/** Returns the parts of the context that the record has nowhere else, so that the decision can be made again. */
function seenIn(context: CedarJsonObject): DecisionRecord['seen'] {
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
  for (const name of ['derived', 'mandate', 'tool', 'origins', 'program'])
    if (context[name] !== undefined) seen = { ...seen, [name]: context[name] };
  return seen;
}

const NO_VALUES: LedgerValues = {};
const NO_GRANTS: readonly RoleGrant[] = [];
const NONE: ReadonlySet<string> = new Set();

/** Returns the obligations that the enforcement point supports, by its registration and by the request. */
function supportedBy({ obligations }: Caller, { context }: AccessRequest): ReadonlySet<string> {
  const declared = context?.supported_obligations;
  if (!Array.isArray(declared)) return obligations.length === 0 ? NONE : new Set(obligations);
  return new Set([...obligations, ...declared.filter((type) => typeof type === 'string')]);
}
