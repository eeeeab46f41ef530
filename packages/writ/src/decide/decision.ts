import type { EntityUid } from '@writ/cedar';

/** So far two of the five results of the design; step up, defer and modify come with their protocols. */
export type Result = 'allow' | 'deny';

/** A policy that determined the decision. */
export interface Reason {
  readonly policy: string;
  readonly effect: 'permit' | 'forbid';
  /** The policy's `@reason`. */
  readonly reason?: string;
  /** The identity on the delegation path that the policy decided for. */
  readonly identity: EntityUid;
}

/** A denial that no policy made: what was missing or broken. */
export interface Refusal {
  readonly code:
    | 'not_permitted'
    | 'unknown_action'
    | 'invalid_request'
    | 'policy_error'
    | 'obligation_unsupported'
    | 'ledger_unavailable'
    | 'record_unavailable'
    | 'internal_error';
  readonly message: string;
}

export interface Decision {
  /** A ULID. */
  readonly id: string;
  readonly result: Result;
  readonly reasons: readonly Reason[];
  /** Present on a denial that is not, or not only, a `forbid`. */
  readonly refusal?: Refusal;
  readonly policyVersion: string;
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
