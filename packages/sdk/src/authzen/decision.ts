import type { EntityUid } from './entity.js';
import type { DecisionId } from './ids.js';

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
  /** The thing that it decided on, if that is a part of what was asked about: a table of a statement. */
  readonly resource?: EntityUid;
  /** Present on a forbid that a person can lift: by a step-up (`@stepUp`), or on request (`@requestable`). */
  readonly liftedBy?: 'step-up' | 'request';
}

/** A denial that no policy made: what was missing or broken. */
export interface Refusal {
  readonly code: /**
   * No policy permits it, or a policy forbids it.
   *
   * @fix Read the reasons; `writ explain` says what would permit it.
   */
    | 'not_permitted'
    /**
     * The schema has no such action.
     *
     * @fix Add the action to the schema, or mend the request.
     */
    | 'unknown_action'
    /**
     * The request does not fit the schema, or contradicts itself: no policy was asked.
     *
     * @fix Send what the message says, for example a number and not its text. No policy has to change.
     */
    | 'invalid_request'
    /**
     * An argument is a program, and what it does to which things could not be read.
     *
     * @fix Write it more plainly, as the message says; docs/programs.md has what is understood.
     */
    | 'program_not_understood'
    /**
     * A policy could not be evaluated.
     *
     * @fix Mend the policy; `writ check` finds most causes.
     */
    | 'policy_error'
    /**
     * A fact that a policy needs is missing.
     *
     * @fix Store the fact, or fetch it; the decision can then be made.
     */
    | 'fact_missing'
    /**
     * The registry has not reached the revision that the caller asked for.
     *
     * @fix Try again in a moment.
     */
    | 'registry_behind'
    /**
     * Revocations or the policy may be out of date, and the action is of high risk.
     *
     * @fix Restore the stream or the source in the message.
     */
    | 'registry_stale'
    /**
     * The enforcement point does not support an obligation of the permit.
     *
     * @fix Use an enforcement point that does.
     */
    | 'obligation_unsupported'
    /**
     * The caller may not ask for this decision.
     *
     * @fix Permit the caller in the service policies.
     */
    | 'caller_not_permitted'
    /**
     * The transaction token is refused.
     *
     * @fix Exchange for a new token; the message has the cause.
     */
    | 'token_invalid'
    /**
     * An identity, delegation, task, session, token, action, tool or upstream is revoked, suspended or retired.
     *
     * @fix Stop; an administrator can lift the revocation.
     */
    | 'revoked'
    /**
     * The tool is not approved as it is defined now.
     *
     * @fix Look at it with `writ tool list`, then `writ tool approve`.
     */
    | 'tool_suspended'
    /**
     * The task was not given this authority.
     *
     * @fix Start a task with a mandate that covers the action.
     */
    | 'outside_mandate'
    /**
     * The ledger could not be read or updated.
     *
     * @fix Try again; if it persists, read the log of the service.
     */
    | 'ledger_unavailable'
    /**
     * Nobody approved the call in time, or somebody denied it.
     *
     * @fix Ask again with a justification.
     */
    | 'not_approved'
    /**
     * A missing fact did not arrive in time, or a call before it was denied.
     *
     * @fix Store the fact, then call again.
     */
    | 'not_resolved'
    /**
     * Too many calls wait for facts.
     *
     * @fix Wait until some are decided.
     */
    | 'too_many_deferred'
    /**
     * The decision could not be recorded, so it does not count.
     *
     * @fix Check the disk or the database of the service.
     */
    | 'record_unavailable'
    /**
     * The decision failed.
     *
     * @fix Report it with the log of the service.
     */
    | 'internal_error';
  readonly message: string;
}

/** A duty of the enforcement point (AuthZEN Obligations Profile 1.0, "The Obligation Object"). */
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
  /** The source of a fact that is too old. */
  readonly source?: string;
  /** When it was last known to be true. RFC 3339, UTC. */
  readonly asOf?: string;
}

/** The result by the rules, of a call that went through while the service observed. */
export interface Observed {
  readonly result: Exclude<Result, 'allow' | 'modify'>;
  readonly reasons: readonly Reason[];
  readonly refusal?: Refusal;
  readonly missing?: readonly MissingFact[];
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
  /** Present on what a policy stopped of a tool that `tools.yaml` does not describe, so that it counts as one that does anything. */
  readonly undescribed?: true;
  /** Present on a permit that the rules did not give: the service observed, and stopped nothing. */
  readonly observed?: Observed;
}

export interface Decision extends Verdict {
  /** When the limits that denied it are over, if nothing more is counted until then. RFC 3339, UTC. */
  readonly retryAt?: string | undefined;
  readonly id: DecisionId;
  readonly policyVersion: string;
}

/** Returns a denial that no policy made. */
export function refuse(code: Refusal['code'], message: string): Verdict {
  return { result: 'deny', reasons: [], refusal: { code, message } };
}

/** Returns whether the action may be done, provided that every obligation is carried out. */
export function isPermitted({ result }: Pick<Decision, 'result'>): boolean {
  return result === 'allow' || result === 'modify';
}

/** Returns in how many seconds a request that a limit denied can be made again; undefined if waiting does not help. */
export function retryAfter({ retryAt }: Pick<Decision, 'retryAt'>, now: number): number | undefined {
  return retryAt === undefined ? undefined : Math.max(1, Math.ceil((Date.parse(retryAt) - now) / 1_000));
}

/** Returns whether an approval would permit it: all that stands in the way can be lifted on request. */
export function isRequestable({ result, reasons }: Pick<Decision, 'result' | 'reasons'>): boolean {
  return result === 'step_up' && reasons.length > 0 && reasons.every(({ liftedBy }) => liftedBy === 'request');
}

/** Returns the policies that determined a decision, each once, whichever identities it decided for. */
export function decidingPolicies({ reasons }: Pick<Decision, 'reasons'>): Omit<Reason, 'identity'>[] {
  const byPolicy = new Map(reasons.map(({ identity: _identity, ...reason }) => [reason.policy, reason]));
  return [...byPolicy.values()];
}

/** The cause of what a policy stopped of a tool that nobody described. */
const UNDESCRIBED =
  'the tool is not described in tools.yaml, so it counts as one that does anything; `writ bundle schema BUNDLE --write` describes it';

/** Returns whether no policy was asked, because the request does not fit the schema or contradicts itself. */
export function isMisfit({ refusal }: Pick<Verdict, 'refusal'>): boolean {
  return refusal?.code === 'invalid_request';
}

/** Explains a decision in one line, for the agent that was refused and for people. */
export function explainBriefly(decision: Pick<Decision, 'reasons' | 'refusal' | 'undescribed'>): string {
  const texts = decidingPolicies(decision).map(({ policy, reason }) =>
    reason === undefined ? policy : `${reason} [${policy}]`,
  );
  if (decision.refusal !== undefined) texts.push(decision.refusal.message);
  if (decision.undescribed === true) texts.push(UNDESCRIBED);
  return texts.join('; ');
}
