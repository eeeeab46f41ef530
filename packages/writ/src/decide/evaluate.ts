import {
  type CedarJsonObject,
  type Entities,
  type Entity,
  type EntityUid,
  type PolicySet,
  type Response,
  uidText,
} from '@writ/cedar';
import type { MissingFact, Obligation, Reason, Refusal, Verdict } from '@writ/sdk/authzen';
import { type DeclaredObligation, obligationNames, permitWith } from './obligations.js';
import { APPROVE, BREAK_GLASS } from './own-actions.js';

/** Everything that a decision depends on. */
export interface Gathered {
  readonly policies: PolicySet;
  readonly entities: Entities;
  /** The identities that must each be permitted, with their attributes as gathered. */
  readonly identities: readonly Entity[];
  readonly resource: Entity;
  readonly action: EntityUid;
  readonly context: CedarJsonObject;
  /** Things that the action is also done to, each of which must be permitted: the tables of a statement. */
  readonly parts: readonly DecidedPart[];
  readonly obligations: Readonly<Record<string, DeclaredObligation>>;
  /** The types of obligation that the enforcement point can carry out. */
  readonly supported: ReadonlySet<string>;
  /** Returns attributes that the schema requires of the identities and the resource, and that the registry does not have. */
  readonly missing: () => readonly MissingFact[];
  /** Returns facts that the policies read and that are too old to rely on. */
  readonly withheld: () => readonly MissingFact[];
  /** Returns which of these policies, all `@requestable`, approvals lift for exactly this request. */
  readonly approved: (policies: readonly string[]) => ReadonlySet<string>;
  /** Returns why revocations may be out of date; a permit with `@highRisk` is then withheld. Undefined while they are not. */
  readonly stale: () => string | undefined;
}

/** A thing that an action is also done to, with the context of that. */
export interface DecidedPart {
  readonly resource: Entity;
  readonly context: CedarJsonObject;
}

/** The results of the policies for all identities together. */
class Tally {
  readonly permits: Reason[] = [];
  /** Forbids that cannot be lifted. */
  readonly forbids: Reason[] = [];
  /** Forbids that a step-up or a request lifts. */
  readonly liftable: Reason[] = [];
  readonly refusals: Refusal[] = [];
  readonly obligations = new Map<string, Obligation>();
}

/**
 * Evaluates the policies: pure, synchronous, and the same for the same input. Every identity must be permitted; one that is not decides
 * for all. A `forbid` that cannot be evaluated denies, where Cedar would skip it; if it lacks a fact that the schema promises, the
 * decision is deferred until the fact is known.
 *
 * @throws {CedarError} `request` if the context does not fit the schema
 */
export function evaluate(gathered: Gathered): Verdict {
  const tally = new Tally();
  decideOn(tally, gathered, gathered);
  for (const part of gathered.parts) decideOn(tally, gathered, part, part.resource);
  return verdictOf(tally, gathered, gathered.withheld());
}

/** @param part the thing, if it is not the resource of the request */
function decideOn(tally: Tally, gathered: Gathered, { resource, context }: DecidedPart, part?: Entity): void {
  const { policies, entities, identities, action } = gathered;
  const base = policies.environment({ principal: resource, action, resource, context }, entities);
  for (const identity of identities) {
    const response = policies.evaluate({ ...base, principal: identity, resource }, entities);
    count(tally, gathered, identity, response, part);
  }
}

function count(tally: Tally, gathered: Gathered, identity: Entity, response: Response, part?: Entity): void {
  const { policies, action, resource } = gathered;
  const failed = response.errors.filter(({ policyId }) => policies.policies.get(policyId)?.effect === 'forbid');
  for (const { policyId, message } of failed) {
    const text = `the forbid policy ${policyId} could not be evaluated: ${message}`;
    tally.refusals.push({ code: 'policy_error', message: text });
  }
  const forbidsBefore = tally.forbids.length;
  const permitsBefore = tally.permits.length;
  const unmeant: string[] = [];
  for (const id of response.reasons) {
    const reason = reasonOf(policies, id, identity, part);
    if (reason.effect === 'permit') {
      if (!isMeant(policies, id, action)) {
        unmeant.push(id);
        continue;
      }
      tally.permits.push(reason);
      oblige(tally, gathered, id);
    } else if (reason.liftedBy === undefined) {
      tally.forbids.push(reason);
    } else {
      tally.liftable.push(reason);
    }
  }
  if (tally.forbids.length > forbidsBefore) return;
  if (response.permitted && (!NAMED_ONLY.has(action.id) || tally.permits.length > permitsBefore)) return;
  const what = `${uidText(identity)} to ${action.id} on ${uidText(part ?? resource)}`;
  const code = response.errors.length > failed.length ? 'policy_error' : 'not_permitted';
  const error = response.errors.find((one) => !failed.includes(one));
  const why = code === 'policy_error' ? `, and ${error?.policyId} could not be evaluated: ${error?.message}` : '';
  const not = unmeant.length === 0 ? '' : `; ${unmeant.join(', ')} would, and does not name the action`;
  tally.refusals.push({ code, message: `no policy permits ${what}${why}${not}` });
}

/** Actions that lift the rules themselves: a policy has to name them. One that permits everything makes nobody an approver. */
const NAMED_ONLY: ReadonlySet<string> = new Set([APPROVE, BREAK_GLASS]);

function isMeant(policies: PolicySet, id: string, action: EntityUid): boolean {
  if (!NAMED_ONLY.has(action.id)) return true;
  const named = policies.policies.get(id)?.action;
  if (named === undefined || named.op === 'all') return false;
  const uids = named.op === '==' ? [named.uid] : named.uids;
  return uids.some((uid) => uid.type === action.type && uid.id === action.id);
}

/** Adds the obligations of a determining permit. */
function oblige(tally: Tally, { policies, obligations, supported }: Gathered, policyId: string): void {
  const annotation = policies.policies.get(policyId)?.annotations.obligation;
  if (annotation === undefined) return;
  for (const name of obligationNames(annotation)) {
    const declared = Object.hasOwn(obligations, name) ? obligations[name] : undefined;
    if (declared === undefined || !supported.has(declared.type)) {
      const what =
        declared === undefined ? 'is not declared' : `is a ${declared.type}, which the caller cannot carry out`;
      tally.refusals.push({
        code: 'obligation_unsupported',
        message: `${policyId} asks for the obligation ${name}; it ${what}`,
      });
    } else {
      tally.obligations.set(name, { id: name, ...declared });
    }
  }
}

function verdictOf(
  tally: Tally,
  { policies, missing: whatIsMissing, stale, approved }: Gathered,
  withheld: readonly MissingFact[],
): Verdict {
  const { permits, forbids, refusals } = tally;
  const liftable = notLifted(tally.liftable, approved);
  const refusal = refusals.find(({ code }) => code !== 'not_permitted') ?? refusals[0];
  if (forbids.length > 0) {
    const reasons = [...forbids, ...liftable];
    return refusal === undefined ? { result: 'deny', reasons } : { result: 'deny', reasons, refusal };
  }
  // Any other result would rest on a fact that is too old.
  if (withheld.length > 0) return deferred(liftable, withheld);
  if (refusal !== undefined) {
    const missing = refusals.every(({ code }) => code === 'policy_error') ? whatIsMissing() : [];
    if (missing.length === 0) return { result: 'deny', reasons: liftable, refusal };
    return deferred(liftable, missing);
  }
  const risky = permits.find(({ policy }) => isHighRisk(policies, policy));
  const why = risky === undefined ? undefined : stale();
  if (why !== undefined) {
    const message = `${risky?.policy} permits what is of high risk, and ${why}`;
    return { result: 'defer', reasons: liftable, refusal: { code: 'registry_stale', message }, stale: why };
  }
  if (liftable.length > 0) return { result: 'step_up', reasons: liftable, ...stepUps(policies, liftable) };
  const obligations = [...tally.obligations.values()];
  if (obligations.length === 0) return { result: 'allow', reasons: permits };
  return { result: permitWith(obligations), reasons: permits, obligations };
}

/** Returns the forbids that remain after approvals, which lift `@requestable` ones only. */
function notLifted(liftable: readonly Reason[], approved: Gathered['approved']): readonly Reason[] {
  const requestable = liftable.filter(({ liftedBy }) => liftedBy === 'request');
  if (requestable.length === 0) return liftable;
  const lifted = approved(requestable.map(({ policy }) => policy));
  return liftable.filter(({ policy, liftedBy }) => liftedBy !== 'request' || !lifted.has(policy));
}

function isHighRisk(policies: PolicySet, policy: string): boolean {
  return policies.policies.get(policy)?.annotations.highRisk !== undefined;
}

function deferred(reasons: readonly Reason[], missing: readonly MissingFact[]): Verdict {
  const names = missing.map(({ entity, attribute, asOf, source }) => {
    const name = `${uidText(entity)}.${attribute}`;
    return asOf === undefined ? name : `${name} (too old: as of ${asOf}, from ${source})`;
  });
  const message = `not decided until these facts are known: ${names.join(', ')}`;
  return { result: 'defer', reasons, refusal: { code: 'fact_missing', message }, missing };
}

/** Returns the obligations that name the assurance to reach (AuthZEN Obligations Profile 1.0, "step-up"). */
function stepUps(policies: PolicySet, liftable: readonly Reason[]): { obligations?: Obligation[] } {
  const obligations = new Map<string, Obligation>();
  for (const { policy } of liftable) {
    const acr = policies.policies.get(policy)?.annotations.stepUp;
    if (acr !== undefined) obligations.set(policy, { id: policy, type: 'step-up', properties: { acr_value: acr } });
  }
  return obligations.size === 0 ? {} : { obligations: [...obligations.values()] };
}

function reasonOf(policies: PolicySet, id: string, identity: EntityUid, part: EntityUid | undefined): Reason {
  const { effect = 'forbid', annotations = {} } = policies.policies.get(id) ?? {};
  const { reason, stepUp, requestable } = annotations;
  const lifted = stepUp !== undefined ? 'step-up' : requestable !== undefined ? 'request' : undefined;
  return {
    policy: id,
    effect,
    identity: { type: identity.type, id: identity.id },
    ...(part === undefined ? {} : { resource: { type: part.type, id: part.id } }),
    ...(reason === undefined ? {} : { reason }),
    ...(effect === 'permit' || lifted === undefined ? {} : { liftedBy: lifted }),
  };
}
