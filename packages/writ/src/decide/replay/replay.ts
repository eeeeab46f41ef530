import {
  CedarError,
  type CedarJsonObject,
  type EntityJson,
  type EntityUid,
  explain,
  type PolicyExplanation,
  sameUid,
  uidText,
} from '@writ/cedar';
import { type Refusal, refuse, type Verdict } from '@writ/sdk/authzen';
import type { LedgerValues } from '../../ledger/ledger.js';
import { buildContext } from '../context.js';
import { evaluate, type Gathered } from '../evaluate.js';
import { NOTHING_DERIVED } from '../event-more.js';
import { missingFacts, schemaErrorOf } from '../gather.js';
import { mandatePolicy, outsideVerdict } from '../mandates.js';
import { inputMisfit, misfit, misfitBy } from '../misfit.js';
import { decidedParts } from '../parts.js';
import type { PolicyPlane } from '../plane.js';
import type { DecisionRecord } from '../record.js';
import { holdsMasked } from './masked.js';
import { RecordedEntities } from './recorded-entities.js';
import { factsIn } from './recorded-facts.js';
import { recordedParts } from './recorded-parts.js';

/** The result of deciding a recorded request again. */
type Replayed =
  | { readonly kind: 'decided'; readonly verdict: Verdict }
  /** Something other than policy decided it, or came first: it stays as it was. */
  | { readonly kind: 'kept' }
  /** The record does not have everything that it would be decided on. */
  | { readonly kind: 'not-recorded'; readonly why: string };

interface ExplainedIdentity {
  readonly identity: EntityUid;
  /** The thing, if it is not the resource of the request. */
  readonly resource?: EntityUid;
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
 * Decides recorded requests again, from their records alone, with the policies of a bundle. The values of the ledger, the mandates
 * and the origins are those that were recorded; the accumulators of the bundle count nothing.
 *
 * @example const replay = new Replay(planeOf(loadBundle('bundles/next')), entities); replay.decide(record);
 */
export class Replay {
  private readonly entities: RecordedEntities;

  /** @param bundled the entities of the bundle, for those that a record does not have */
  constructor(
    private readonly plane: PolicyPlane,
    bundled: readonly EntityJson[],
  ) {
    this.entities = new RecordedEntities(bundled, plane.schema);
  }

  decide(record: DecisionRecord): Replayed {
    if (record.refusal !== undefined && NOT_POLICY.has(record.refusal.code)) return { kind: 'kept' };
    try {
      return this.again(record);
    } catch (error) {
      if (error instanceof NotRecorded) {
        const verdict = this.stillMisfit(record);
        return verdict === undefined ? { kind: 'not-recorded', why: error.message } : { kind: 'decided', verdict };
      }
      if (!(error instanceof CedarError)) throw error;
      if (holdsMasked(record)) return { kind: 'not-recorded', why: `what was masked is needed: ${error.message}` };
      return { kind: 'decided', verdict: misfitBy(error) };
    }
  }

  /** Returns the denial of a request whose arguments did not fit before the rest of it was looked at, and do not now. */
  private stillMisfit({ refusal, request: { action, context = {} } }: DecisionRecord): Verdict | undefined {
    const declared = this.plane.actions.get(action.name);
    if (refusal?.code !== 'invalid_request' || declared === undefined) return undefined;
    return inputMisfit(declared, context, this.plane.tools.of(action.name).opaque);
  }

  private again(record: DecisionRecord): Replayed {
    const gathered = this.gather(record);
    if ('kind' in gathered) return gathered;
    const verdict = evaluate(gathered);
    const { mandate, request } = record;
    if (mandate?.covers === false && !liftedIn(record).has(mandatePolicy(mandate.kind)))
      return {
        kind: 'decided',
        verdict: outsideVerdict(
          verdict,
          { ...mandate, namesResource: false, namedInput: [] },
          this.plane.tasks,
          request,
        ),
      };
    return { kind: 'decided', verdict };
  }

  /**
   * Explains how each policy came out for each identity and each thing, down to its parts; undefined if the record does not have enough for it.
   *
   * @param policyIds the policies to explain; by default those that determined it, or every permit that was considered
   */
  explain(record: DecisionRecord, policyIds?: readonly string[]): ExplainedIdentity[] | undefined {
    try {
      const gathered = this.gather(record);
      if ('kind' in gathered) return undefined;
      const { policies, entities, identities, action, parts } = gathered;
      const things = [gathered, ...parts];
      return things.flatMap(({ resource, context }, i) =>
        identities.map((principal) => ({
          identity: { type: principal.type, id: principal.id },
          ...(i === 0 ? {} : { resource: { type: resource.type, id: resource.id } }),
          policies: explain(policies, { principal, action, resource, context }, entities, policyIds).policies,
        })),
      );
    } catch (error) {
      if (error instanceof NotRecorded || error instanceof CedarError) return undefined;
      throw error;
    }
  }

  private gather(record: DecisionRecord): Gathered | Replayed {
    const { plane } = this;
    const { request, provenance } = record;
    const { name } = request.action;
    const declared = plane.actions.get(name);
    if (declared === undefined)
      return { kind: 'decided', verdict: refuse('unknown_action', `the action ${name} is not in the schema`) };
    const path = provenance?.path;
    // The request contradicted itself about the identities.
    if (path === undefined) return { kind: 'kept' };
    const decided = plane.delegation === 'path' ? path : [path[path.length - 1] as EntityUid];
    const why = schemaErrorOf(plane.schema, declared, decided, request.resource);
    if (why !== undefined) return { kind: 'decided', verdict: misfit(why) };
    const facts = factsIn(record);
    if (facts === undefined) {
      // The request did not fit, before any fact was looked up.
      if (record.refusal?.code === 'invalid_request') return { kind: 'kept' };
      throw new NotRecorded('the facts that it would be decided on were not looked up');
    }
    const { entities } = this;
    entities.clear();
    for (const fact of record.referred ?? []) entities.put(fact);
    const identities = decided.map((uid) => {
      const fact = facts.identities.find((one) => sameUid(one.uid, uid));
      if (fact === undefined) throw new NotRecorded(`the facts of ${uidText(uid)} are not on the record`);
      return entities.seen(fact, request.subject.properties);
    });
    const resource = entities.seen(facts.resource, request.resource.properties);
    const context = this.context(record, name);
    const recorded = recordedParts(record, plane.tools, declared);
    if (typeof recorded === 'string') throw new NotRecorded(recorded);
    if ('result' in recorded) return { kind: 'decided', verdict: recorded };
    const parts = recorded.map(({ access, fact }) => ({ access, resource: entities.seen(fact) }));
    return {
      policies: plane.policies,
      entities: entities.store,
      identities,
      resource,
      action: declared.uid,
      context,
      parts: decidedParts(parts, declared, context),
      obligations: plane.obligations,
      supported: new Set(record.supported ?? []),
      missing: () => missingFacts(plane.registry, [...identities, resource, ...parts.map((one) => one.resource)]),
      withheld: () => entities.withheld,
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
      derived: NOTHING_DERIVED,
      flow: { tool: plane.tools.of(action), call: undefined, addedLabels: [], data: undefined },
      mandate: undefined,
      approvals: () => liftedIn(record),
      consents: () => consentedIn(record),
      now: new Date(record.time),
    });
    const own = { ...context } as Record<string, unknown>;
    for (const part of ['derived', 'mandate', 'tool', 'origins', 'program']) {
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
}

/** Thrown when the record lacks something that the decision depends on. */
class NotRecorded extends Error {}

/** Returns the policies that consents lifted. */
function consentedIn({ approvals = [] }: DecisionRecord): ReadonlySet<string> {
  return new Set(approvals.flatMap(({ policies, consent }) => (consent === true ? policies : [])));
}

/** Returns the policies that approvals lifted. */
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

/** Returns recorded values of the ledger as policies see them: whole numbers are Long, other texts are decimals. */
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
