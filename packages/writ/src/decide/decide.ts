import {
  CedarError,
  type Entity,
  type EntityUid,
  type PolicySet,
  recordToJson,
  type Schema,
  uidText,
} from '@writ/cedar';
import { monotonicFactory } from 'ulid';
import type { LedgerEvent } from '../ledger/accumulator.js';
import { LedgerError } from '../ledger/errors.js';
import { type Ledger, type LedgerValues, OUTCOME_DEADLINE_MS, type OutcomeStatus } from '../ledger/ledger.js';
import { actorOf, originatorOf, type Provenance, pathOf } from '../provenance/path.js';
import type { Registry } from '../registry/registry.js';
import { buildContext } from './context.js';
import type { Decision, Refusal } from './decision.js';
import { evaluate, type Verdict } from './evaluate.js';
import type { Append, DecisionRecord, FactRecord } from './record.js';
import type { AccessRequest, Caller } from './request.js';

/** What the pipeline is put together from: the four rooms, the record, and the clock. */
export interface DeciderParts {
  readonly policies: PolicySet;
  readonly schema: Schema;
  readonly policyVersion: string;
  readonly delegation: 'path' | 'actor';
  readonly tools: Readonly<Record<string, { readonly effects: readonly string[]; readonly labels: readonly string[] }>>;
  readonly registry: Registry;
  readonly ledger: Ledger;
  readonly append: Append;
  readonly clock: () => Date;
}

/** What an enforcement point is handed: in its own process, or over AuthZEN. */
export interface DecisionPoint {
  /** Never throws for what is asked: whatever goes wrong is a denial that says so. */
  decide(request: AccessRequest): Promise<Decision>;
  /** Reports what became of a permitted action. */
  report(decisionId: string, status: OutcomeStatus): Promise<void>;
}

/** What one decision read on its way, as far as it came. */
interface Trail {
  provenance?: Provenance;
  ledger: LedgerValues;
  facts: FactRecord[];
}

const UNDESCRIBED = { effects: [], labels: ['external', 'confidential'] } as const;

/** The pipeline of design section 1. */
export class Decider {
  private readonly nextId = monotonicFactory();
  /** Permitted actions without an outcome, with the enforcement point that may report it. */
  private readonly open = new Map<string, { readonly enforcementPoint: string; readonly at: number }>();

  constructor(private readonly parts: DeciderParts) {}

  /** The decision point as one enforcement point sees it. */
  for(caller: Caller): DecisionPoint {
    return {
      decide: (request) => this.decide(request, caller),
      report: async (decisionId, status) => {
        await this.report(decisionId, status, caller);
      },
    };
  }

  /** Decides and records. What is returned is the record: everything that was read on the way is in it. */
  async decide(request: AccessRequest, caller: Caller): Promise<DecisionRecord> {
    const now = this.parts.clock();
    const id = this.nextId(now.getTime());
    const trail: Trail = { ledger: {}, facts: [] };
    const verdict = this.judge(id, request, now, trail);
    const decision = { id, ...verdict, policyVersion: this.parts.policyVersion };
    const record = recordOf(decision, request, caller, now, trail);
    try {
      await this.parts.append.decision(record);
    } catch (error) {
      this.parts.ledger.settle(id, 'not-executed', now);
      const message = `the decision could not be recorded, so it does not stand: ${messageOf(error)}`;
      return { ...record, result: 'deny', reasons: [], refusal: { code: 'record_unavailable', message } };
    }
    this.expire(now);
    if (record.result === 'allow') this.open.set(id, { enforcementPoint: caller.enforcementPoint, at: now.getTime() });
    return record;
  }

  /**
   * Takes in what became of a permitted action. False when there is no such action of this enforcement point that still
   * waits for its outcome; reporting twice, or past the deadline, changes nothing.
   */
  async report(decisionId: string, status: OutcomeStatus, caller: Caller): Promise<boolean> {
    const now = this.parts.clock();
    this.expire(now);
    const { enforcementPoint } = caller;
    const waiting = this.open.get(decisionId);
    if (waiting?.enforcementPoint !== enforcementPoint) return false;
    // Taken before the record is written: of two reports at once, one counts.
    this.open.delete(decisionId);
    try {
      await this.parts.append.outcome({ decisionId, time: now.toISOString(), enforcementPoint, status });
    } catch (error) {
      this.open.set(decisionId, waiting);
      throw error;
    }
    this.parts.ledger.settle(decisionId, status, now);
    return true;
  }

  /** Past its deadline an action counts as done; nobody can say otherwise any more. */
  private expire(now: Date): void {
    for (const [decisionId, { at }] of this.open) {
      if (at + OUTCOME_DEADLINE_MS > now.getTime()) return;
      this.open.delete(decisionId);
    }
  }

  /** One turn of the event loop from reading the ledger to reserving in it: nothing else decides in between. */
  private judge(id: string, request: AccessRequest, now: Date, trail: Trail): Verdict {
    const { policies, schema, registry, ledger, tools } = this.parts;
    try {
      const provenance = provenanceOf(request);
      if (typeof provenance === 'string') return refuse('invalid_request', provenance);
      trail.provenance = provenance;

      const action: EntityUid = { type: 'Action', id: request.action.name };
      const declared = schema.action(action);
      if (declared === undefined)
        return refuse('unknown_action', `the action ${request.action.name} is not in the schema`);
      const decided = this.parts.delegation === 'path' ? provenance.path : [actorOf(provenance)];
      const misfit = misfitOf(schema, declared.uid, decided, request.resource);
      if (misfit !== undefined) return refuse('invalid_request', misfit);

      const identities = decided.map((uid) => registry.find(uid, propertiesOf(request, uid)));
      const resource = registry.find(request.resource, request.resource.properties);
      trail.facts = [...identities, resource].map(factOf);

      const tool = tools[request.action.name] ?? UNDESCRIBED;
      const event = eventOf(request, provenance, tool.labels);
      trail.ledger = ledger.read(event, now);

      const given = request.context ?? {};
      const context = buildContext(declared, { given, provenance, ledger: trail.ledger, effects: tool.effects, now });
      const verdict = evaluate({ policies, entities: registry.entities, identities, resource, action, context });
      if (verdict.result === 'allow') ledger.reserve(id, event, now);
      return verdict;
    } catch (error) {
      if (error instanceof CedarError) return refuse('invalid_request', error.message);
      if (error instanceof LedgerError) return refuse('ledger_unavailable', error.message);
      return refuse('internal_error', `the decision failed: ${messageOf(error)}`);
    }
  }
}

function refuse(code: Refusal['code'], message: string): Verdict {
  return { result: 'deny', reasons: [], refusal: { code, message } };
}

function provenanceOf({ subject, context }: AccessRequest): Provenance | string {
  const path = pathOf({
    subject: { type: subject.type, id: subject.id },
    act: subject.properties?.act,
    agent: context?.agent,
  });
  // An enforcement point vouches for the names, with its key: asserted.
  return typeof path === 'string' ? path : { path, assurance: 1 };
}

/** What the schema says of the shape of a request; undefined when it fits. */
function misfitOf(
  schema: Schema,
  action: EntityUid,
  identities: readonly EntityUid[],
  resource: EntityUid,
): string | undefined {
  const declared = schema.action(action);
  for (const identity of identities) {
    if (declared?.principalTypes.has(identity.type) !== true)
      return `the schema lets no ${identity.type} do ${action.id}`;
  }
  if (declared?.resourceTypes.has(resource.type) !== true)
    return `the schema does not let ${action.id} be done to a ${resource.type}`;
  return undefined;
}

/** The properties of a request are about its subject, not about the agents. `act` is the path, not an attribute. */
function propertiesOf({ subject }: AccessRequest, uid: EntityUid): Record<string, unknown> {
  if (subject.type !== uid.type || subject.id !== uid.id) return {};
  return Object.fromEntries(Object.entries(subject.properties ?? {}).filter(([name]) => name !== 'act'));
}

function eventOf(request: AccessRequest, provenance: Provenance, labels: readonly string[]): LedgerEvent {
  const actor = uidText(actorOf(provenance));
  const originator = uidText(originatorOf(provenance));
  const task = request.context?.task;
  return {
    action: request.action.name,
    input: request.context?.input ?? {},
    labels,
    keys: {
      // The name of a task is the caller's choice; whose it is, is not.
      task: JSON.stringify([originator, actor, typeof task === 'string' ? task : null]),
      actor,
      originator,
      resource: uidText(request.resource),
    },
  };
}

function factOf(entity: Entity): FactRecord {
  return {
    uid: { type: entity.type, id: entity.id },
    attributes: recordToJson(entity.attributes),
    ancestors: [...entity.ancestors].map(({ type, id }) => ({ type, id })),
  };
}

function recordOf(decision: Decision, request: AccessRequest, caller: Caller, now: Date, trail: Trail): DecisionRecord {
  const { provenance } = trail;
  return {
    ...decision,
    time: now.toISOString(),
    enforcementPoint: caller.enforcementPoint,
    request,
    ...(provenance === undefined ? {} : { provenance }),
    facts: trail.facts,
    ledger: Object.fromEntries(
      Object.entries(trail.ledger).map(([name, value]) => [
        name,
        typeof value === 'bigint' ? plainNumber(value) : value,
      ]),
    ),
  };
}

function plainNumber(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
