import type { Decision, Refusal } from './decision.js';
import type { EntityUid } from './entity.js';
import type { DecisionId } from './ids.js';
import type { OutcomeDetails, OutcomeStatus } from './outcome.js';
import type { AccessRequest, Carried } from './request.js';

/** An action of a list: its resource, or the type of it if the resource depends on the arguments. */
export interface ListedAction {
  readonly action: string;
  readonly resource: EntityUid | { readonly type: string };
  /** Whether requests say attributes of the resource, or members of the context, that depend on their arguments. */
  readonly saysResource?: boolean | undefined;
  readonly saysContext?: boolean | undefined;
}

/** Receives why an action that is under way is no longer permitted. */
export type OnRevoked = (why: string) => void;

/** The decision point as an enforcement point uses it, in its own process or over AuthZEN. */
export interface DecisionPoint {
  /** Decides. Never throws because of the request: a failure is a denial that says so. */
  decide(request: AccessRequest, carried: Carried): Promise<Decision>;
  /**
   * Returns for each action whether the caller could be permitted it, with some arguments: a list shows those.
   * Undefined if the decision point has no answer; a list shows all.
   */
  readonly couldPermit:
    | ((
        request: Omit<AccessRequest, 'action' | 'resource'>,
        actions: readonly ListedAction[],
        carried: Carried,
      ) => Promise<boolean[]>)
    | undefined;
  /** Registers a listener for the revocation of a permitted action in flight. Undefined where the decision point cannot know. */
  readonly onRevoked: ((decisionId: DecisionId, listener: OnRevoked) => void) | undefined;
  /** Denies finally what was deferred or waits for an approval, and records that. Undefined where it cannot be recorded. */
  readonly denyFinally: ((decision: Decision, refusal: Refusal) => Promise<Decision>) | undefined;
  /** Reports the outcome of a permitted action, with its result and details. */
  report(decisionId: DecisionId, status: OutcomeStatus, result?: unknown, details?: OutcomeDetails): Promise<void>;
  /** Ends the tasks without a token of a session of this enforcement point. Without it they end when they were not used for a while. */
  readonly endSession?: (conversation: string) => Promise<void>;
}
