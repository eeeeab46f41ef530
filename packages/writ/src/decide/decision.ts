import type { EntityUid } from '@writ/cedar';
import type { DecisionId } from '../lib/ids.js';

/**
 * The five results (docs/service.md). `allow` and `modify` permit, `modify` with obligations that change the input or the
 * result. `step_up` and `defer` name a remedy, `deny` does not.
 */
export type Result = 'allow' | 'modify' | 'step_up' | 'defer' | 'deny';

/** A policy that determined the decision. */
export interface Reason {
  readonly policy: string;
  readonly effect: 'permit' | 'forbid';
  /** The policy's `@reason`. */
  readonly reason?: string;
  /** The identity on the delegation path that the policy decided for. */
  readonly identity: EntityUid;
  /** Present on a forbid that a person can lift: by a step-up (`@stepUp`), or on request (`@requestable`). */
  readonly liftedBy?: 'step-up' | 'request';
}

/** A denial that no policy made: what was missing or broken. */
export interface Refusal {
  readonly code:
    | 'not_permitted'
    | 'unknown_action'
    | 'invalid_request'
    | 'policy_error'
    | 'fact_missing'
    | 'registry_behind'
    | 'registry_stale'
    | 'obligation_unsupported'
    | 'caller_not_permitted'
    | 'token_invalid'
    | 'revoked'
    | 'tool_suspended'
    | 'outside_mandate'
    | 'ledger_unavailable'
    | 'not_approved'
    | 'not_resolved'
    | 'too_many_deferred'
    | 'record_unavailable'
    | 'internal_error';
  readonly message: string;
}

/** What the enforcement point must do (AuthZEN Obligations Profile 1.0, "The Obligation Object"). */
export interface Obligation {
  /** The name under which the bundle declares it, or the id of the policy that asks for a step-up. */
  readonly id: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A fact that a decision needs: one that the schema requires and nobody holds, or one that is not to be relied on now. */
export interface MissingFact {
  readonly entity: EntityUid;
  readonly attribute: string;
  /** Where it was learned from, of one that is too old. */
  readonly source?: string;
  /** When it was last known to be true. RFC 3339, UTC. */
  readonly asOf?: string;
}

/** The outcome of judging a request, before it has an id. */
export interface Verdict {
  readonly result: Result;
  readonly reasons: readonly Reason[];
  /** Present on a denial that is not, or not only, a `forbid`. */
  readonly refusal?: Refusal;
  readonly obligations?: readonly Obligation[];
  /** Present on a `defer`. */
  readonly missing?: readonly MissingFact[];
  /** Present on a `defer` of what is of high risk: why revocations, or the policy, may be out of date. */
  readonly stale?: string;
}

export interface Decision extends Verdict {
  readonly id: DecisionId;
  readonly policyVersion: string;
}

/** Returns a denial that no policy made. */
export function refuse(code: Refusal['code'], message: string): Verdict {
  return { result: 'deny', reasons: [], refusal: { code, message } };
}

/** Whether the action may go ahead, provided that every obligation is carried out. */
export function isPermitted({ result }: Pick<Decision, 'result'>): boolean {
  return result === 'allow' || result === 'modify';
}

/** Whether somebody could be asked for it: nothing stands in the way but what can be lifted on request. */
export function isRequestable({ result, reasons }: Pick<Decision, 'result' | 'reasons'>): boolean {
  return result === 'step_up' && reasons.length > 0 && reasons.every(({ liftedBy }) => liftedBy === 'request');
}

/** The policies that determined a decision, each once, whichever identities it decided for. */
export function decidingPolicies({ reasons }: Pick<Decision, 'reasons'>): Omit<Reason, 'identity'>[] {
  const byPolicy = new Map(reasons.map(({ identity: _identity, ...reason }) => [reason.policy, reason]));
  return [...byPolicy.values()];
}

/** Why, in one line: for the agent that was refused, and for people. */
export function explainBriefly(decision: Pick<Decision, 'reasons' | 'refusal'>): string {
  const texts = decidingPolicies(decision).map(({ policy, reason }) =>
    reason === undefined ? policy : `${reason} [${policy}]`,
  );
  if (decision.refusal !== undefined) texts.push(decision.refusal.message);
  return texts.join('; ');
}
