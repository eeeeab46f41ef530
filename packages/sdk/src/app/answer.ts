import type { MissingFact, Obligation, Reason, Refusal } from '../authzen/decision.js';
import type { RequestReference } from '../authzen/desk.js';

interface Common {
  readonly id: string;
  readonly policyVersion: string;
  /** The policies that decided, if the caller may know them. */
  readonly reasons: readonly Reason[];
}

/** The call may be made. */
export interface Allowed extends Common {
  readonly result: 'allow';
  readonly permitted: true;
}

/** The call may be made if every obligation is carried out. {@link Writ.guard} does that. */
export interface Modified extends Common {
  readonly result: 'modify';
  readonly permitted: true;
  readonly obligations: readonly Obligation[];
}

/** The call may be made after a stronger authentication, as an obligation says, or an approval, if it is requestable. */
export interface SteppedUp extends Common {
  readonly result: 'step_up';
  readonly permitted: false;
  readonly refusal?: Refusal;
  /** The obligations of type `step-up`: the assurance that is needed. */
  readonly obligations: readonly Obligation[];
  /** How somebody can be asked to permit it, until `expiresAt`; absent if nobody can. {@link Writ.request} asks. */
  readonly requestable?: { readonly expiresAt: string; readonly title: string; readonly description: string };
  /** The request for access, once it was made and not approved in time. */
  readonly accessRequest?: RequestReference;
}

/** A fact is missing. The same call can be asked about again. */
export interface Deferred extends Common {
  readonly result: 'defer';
  readonly permitted: false;
  readonly refusal?: Refusal;
  readonly missing: readonly MissingFact[];
  /** In how many seconds to ask again. */
  readonly retryAfter: number | undefined;
}

/** The call is denied. */
export interface Refused extends Common {
  readonly result: 'deny';
  readonly permitted: false;
  readonly refusal?: Refusal;
  /** In how many seconds the limits that denied it are over; undefined if waiting does not help. */
  readonly retryAfter: number | undefined;
  readonly accessRequest?: RequestReference;
}

export type Permitted = Allowed | Modified;
export type Denied = SteppedUp | Deferred | Refused;

/** The answer to a call: one of the five results, by `result`; `permitted` divides them in two. */
export type Answer = Permitted | Denied;
