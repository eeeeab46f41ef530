import {
  CedarError,
  type CedarJsonObject,
  Entities,
  type Entity,
  type EntityJson,
  type EntityUid,
  explain,
  type PolicyExplanation,
  type RecordValue,
  uidText,
  WithheldAttributes,
} from '@writ/cedar';
import type { LedgerValues } from '../../ledger/ledger.js';
import { buildContext } from '../context.js';
import { isPermitted, type MissingFact, type Refusal, refuse, type Verdict } from '../decision.js';
import { evaluate, type Gathered } from '../evaluate.js';
import { inMore, missingFacts, schemaErrorOf } from '../gather.js';
import { mandatePolicy, outsideVerdict } from '../mandates.js';
import type { PolicyPlane } from '../plane.js';
import type { DecisionRecord, FactRecord } from '../record.js';
import { holdsMasked } from './masked.js';

/** A recorded decision, made again. */
type Replayed =
  | { readonly kind: 'decided'; readonly verdict: Verdict }
  /** Something else than policy decided it, or came first: it would be as it was. */
  | { readonly kind: 'kept' }
  /** What it was decided on is not all on the record. */
  | { readonly kind: 'not-recorded'; readonly why: string };

interface ExplainedIdentity {
  readonly identity: EntityUid;
  readonly policies: readonly PolicyExplanation[];
}

/** Denials that no policy made. */
const NOT_POLICY: ReadonlySet<Refusal['code']> = new Set([
  'caller_not_permitted',
  'token_invalid',
  'revoked',
  'tool_suspended',
  'registry_behind',
  'ledger_unavailable',
  'not_approved',
  'not_resolved',
  'too_many_deferred',
  'record_unavailable',
  'internal_error',
]);

/**
 * Decides recorded requests again, from their records alone, with the policies of a bundle. The ledger's values, mandates and what was
 * known of tools are those that were recorded; what a bundle would have counted otherwise is not worked out.
 *
 * @example const replay = new Replay(planeOf(loadBundle('bundles/next')), entities); replay.decide(record);
 */
export class Replay {
  private readonly entities: Entities;
  /** The facts of the present decision, and what they took the place of. */
  private readonly placed = new Map<
    string,
    { readonly fact: FactRecord; readonly kept: Partial<Entity> | undefined }
  >();
  private reads: MissingFact[] = [];

  /** @param bundled the entities of the bundle: what no record has is theirs */
  constructor(
    private readonly plane: PolicyPlane,
    bundled: readonly EntityJson[],
  ) {
    this.entities = Entities.fromJson(bundled, { schema: plane.schema });
  }

  decide(record: DecisionRecord): Replayed {
    if (record.refusal !== undefined && NOT_POLICY.has(record.refusal.code)) return { kind: 'kept' };
    try {
      return this.again(record);
    } catch (error) {
      if (error instanceof NotRecorded) return { kind: 'not-recorded', why: error.message };
      if (!(error instanceof CedarError)) throw error;
      if (holdsMasked(record)) return { kind: 'not-recorded', why: `what was masked is needed: ${error.message}` };
      return { kind: 'decided', verdict: refuse('invalid_request', error.message) };
    }
  }

  private again(record: DecisionRecord): Replayed {
    const gathered = this.gather(record);
    if ('kind' in gathered) return gathered;
    const verdict = evaluate(gathered);
    const { mandate, request } = record;
    if (isPermitted(verdict) && mandate?.covers === false && !liftedIn(record).has(mandatePolicy(mandate.kind)))
      return {
        kind: 'decided',
        verdict: outsideVerdict({ ...mandate, namesResource: false, namedInput: [] }, this.plane.tasks, request),
      };
    return { kind: 'decided', verdict };
  }

  /**
   * How each policy came out for each identity, down to its parts; undefined when that cannot be told from the record.
   *
   * @param policyIds these; without, those that determined it, or every permit that was considered
   */
  explain(record: DecisionRecord, policyIds?: readonly string[]): ExplainedIdentity[] | undefined {
    try {
      const gathered = this.gather(record);
      if ('kind' in gathered) return undefined;
      const { policies, entities, identities, action, resource, context } = gathered;
      return identities.map((principal) => ({
        identity: { type: principal.type, id: principal.id },
        policies: explain(policies, { principal, action, resource, context }, entities, policyIds).policies,
      }));
    } catch (error) {
      if (error instanceof NotRecorded || error instanceof CedarError) return undefined;
      throw error;
    }
  }

  private gather(record: DecisionRecord): Gathered | Replayed {
    const { plane } = this;
    const { request, provenance, facts } = record;
    const { name } = request.action;
    const declared = plane.actions.get(name);
    if (declared === undefined)
      return { kind: 'decided', verdict: refuse('unknown_action', `the action ${name} is not in the schema`) };
    const path = provenance?.path;
    // What the request said of who asks contradicted itself.
    if (path === undefined) return { kind: 'kept' };
    const decided = plane.delegation === 'path' ? path : [path[path.length - 1] as EntityUid];
    const misfit = schemaErrorOf(declared, decided, request.resource);
    if (misfit !== undefined) return { kind: 'decided', verdict: refuse('invalid_request', misfit) };
    // What it brought with it did not fit, before any fact was looked up.
    if (facts.length === 0 && record.refusal?.code === 'invalid_request') return { kind: 'kept' };
    if (facts.length === 0) throw new NotRecorded('the facts that it would be decided on were not looked up');

    this.clear();
    for (const fact of record.referred ?? []) this.put(fact);
    const identities = decided.map((uid) => this.identity(uid, record));
    const resource = this.resource(record);
    return {
      policies: plane.policies,
      entities: this.entities,
      identities,
      resource,
      action: declared.uid,
      context: this.context(record, name),
      obligations: plane.obligations,
      supported: new Set(record.supported ?? []),
      missing: () => missingFacts(plane.registry, [...identities, resource]),
      withheld: () => this.reads,
      approved: () => liftedIn(record),
      stale: staleIn(record),
    };
  }

  private context(record: DecisionRecord, action: string): CedarJsonObject {
    const { plane } = this;
    const { request, provenance, seen = {}, ledger } = record;
    const declared = plane.actions.get(action) as NonNullable<ReturnType<PolicyPlane['actions']['get']>>;
    const ofPath = (seen.provenance ?? {}) as { registered?: boolean; lineage?: string };
    const notRecorded = (what: string) => (): never => {
      throw new NotRecorded(`${what} is not on the record: the policies of then did not look at it`);
    };
    const context = buildContext(declared, {
      given: request.context ?? {},
      action: request.action.properties,
      provenance: { ...provenance, assurance: provenance?.assurance } as Parameters<
        typeof buildContext
      >[1]['provenance'],
      isRegistered:
        ofPath.registered === undefined
          ? notRecorded('whether the path is registered')
          : () => ofPath.registered as boolean,
      lineage: ofPath.lineage === undefined ? notRecorded('the lineage') : () => ofPath.lineage as string,
      ledger: amountsOf(ledger),
      flow: { tool: plane.tools.of(action), call: undefined, addedLabels: [], data: undefined },
      mandate: undefined,
      approvals: () => liftedIn(record),
      now: new Date(record.time),
    });
    const own = { ...context } as Record<string, unknown>;
    for (const part of ['mandate', 'tool', 'origins']) {
      if (seen[part] !== undefined && declared.context.attributes.has(part)) own[part] = seen[part];
      else if (part !== 'tool' && declared.context.attributes.get(part)?.required === true)
        notRecorded(`context.${part}`)();
    }
    const declaredLedger = declared.context.attributes.get('ledger')?.type;
    if (declaredLedger?.kind === 'record')
      for (const [accumulator, { required }] of declaredLedger.attributes)
        if (required && ledger[accumulator] === undefined)
          throw new NotRecorded(`the ledger's ${accumulator} is not on the record: nothing counted it then`);
    return own as CedarJsonObject;
  }

  private identity(uid: EntityUid, record: DecisionRecord): Entity {
    const fact = record.facts.slice(0, -1).find((one) => one.uid.type === uid.type && one.uid.id === uid.id);
    if (fact === undefined) throw new NotRecorded(`the facts of ${uidText(uid)} are not on the record`);
    return this.entityOf(fact, record.request.subject.properties);
  }

  private resource({ facts, request }: DecisionRecord): Entity {
    return this.entityOf(facts[facts.length - 1] as FactRecord, request.resource.properties);
  }

  /** An entity of a request as it was seen: with what was asserted and granted. */
  private entityOf(fact: FactRecord, properties: Readonly<Record<string, unknown>> = {}): Entity {
    let entity = this.put(fact);
    if (fact.asserted !== undefined) {
      const asserted = Object.fromEntries(fact.asserted.map((name) => [name, properties[name]]));
      entity = this.entities.withAttributes(fact.uid, asserted);
    }
    if (fact.granted !== undefined) {
      const roles = fact.granted.map((grant) => this.entities.intern(grant.in));
      entity = inMore(entity, roles);
    }
    return entity;
  }

  /** Puts a fact in the place of what is known of its entity, until the next decision. */
  private put(fact: FactRecord): Entity {
    const { uid, attributes, ancestors, tags, withheld } = fact;
    const before = this.entities.get(uid);
    const kept = before && {
      exists: before.exists,
      attributes: before.attributes,
      tags: before.tags,
      parents: before.parents,
      ancestors: before.ancestors,
    };
    if (!this.placed.has(uidText(uid))) this.placed.set(uidText(uid), { fact, kept });
    // A fact of nothing is of an entity that nobody knew.
    const exists = Object.keys(attributes).length > 0 || ancestors.length > 0 || tags !== undefined;
    const entity = this.entities.withValues(uid, this.valuesOf(uid, attributes, withheld), exists);
    entity.tags = tags === undefined ? NO_TAGS : this.entities.tags(uid.type, tags);
    entity.ancestors = new Set(ancestors.map((one) => this.entities.intern(one)));
    entity.parents = entity.ancestors;
    // The index of the policies knows the store's own objects, as they were.
    return inMore(entity, []);
  }

  /** Takes out what was put in for the decision before. */
  private clear(): void {
    for (const { fact, kept } of this.placed.values()) {
      if (kept === undefined) this.entities.withoutValues(fact.uid);
      else Object.assign(this.entities.intern(fact.uid), kept);
    }
    this.placed.clear();
    this.reads = [];
  }

  private valuesOf(
    uid: EntityUid,
    attributes: FactRecord['attributes'],
    withheld: FactRecord['withheld'],
  ): RecordValue {
    const values = this.entities.values(uid.type, attributes);
    if (withheld === undefined) return values;
    return new WithheldAttributes(uid, values, new Set(withheld), (entity, attribute) =>
      this.missed(entity, attribute),
    );
  }

  private missed({ type, id }: EntityUid, attribute: string): void {
    const known = this.placed.get(uidText({ type, id }))?.fact.ages?.[attribute];
    const isNew = !this.reads.some(
      (read) => read.attribute === attribute && read.entity.id === id && read.entity.type === type,
    );
    if (isNew) this.reads.push({ entity: { type, id }, attribute, ...known });
  }
}

/** Something that a decision would be made on is not in the record. */
class NotRecorded extends Error {}

/** What was approved for exactly this. */
function liftedIn({ approvals = [] }: DecisionRecord): ReadonlySet<string> {
  return new Set(approvals.flatMap(({ policies }) => policies));
}

/** Returns why revocations, or the policy, may have been out of date. Records from before `stale` do not say it. */
function staleIn({ refusal, stale }: DecisionRecord): () => string | undefined {
  return () => {
    if (stale === undefined && refusal?.code === 'registry_stale')
      throw new NotRecorded('why it was out of date is not on the record');
    return stale;
  };
}

const NO_TAGS: RecordValue = new Map();

/** The ledger's values as policies see them: whole numbers are Long, the rest is a decimal. */
function amountsOf(ledger: DecisionRecord['ledger']): LedgerValues {
  return Object.fromEntries(
    Object.entries(ledger).map(([name, value]) => [
      name,
      typeof value === 'number' || (typeof value === 'string' && /^-?[0-9]+$/.test(value))
        ? BigInt(value)
        : (value as LedgerValues[string]),
    ]),
  );
}
