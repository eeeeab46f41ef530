/** How an action that was permitted ended. `unknown` counts as done. */
export type OutcomeStatus = 'completed' | 'failed' | 'not-executed' | 'unknown';

/** How long an outcome may take. After that the action counts as done, whatever is reported. */
export const OUTCOME_DEADLINE_MS = 15 * 60_000;

/** An obligation that was carried out on what was sent or answered. */
export interface Change {
  /** Its id. */
  readonly obligation: string;
  readonly type: string;
  readonly on: 'input' | 'result';
  /** A keyed hash of the whole as it was, and as it became. */
  readonly before: string;
  readonly after: string;
}

/** The bytes that a tunnel passed on. */
export interface PassedBytes {
  /** To the host. */
  readonly sent: number;
  /** From the host. */
  readonly received: number;
}

/** Details that an enforcement point reports of an action. */
export interface OutcomeDetails {
  /** The changes that it made because the permit asked for them. */
  readonly changes?: readonly Change[] | undefined;
  /** The first words of the error that an action failed with. */
  readonly error?: string | undefined;
  /** Of a tunnel, whose contents nobody reads. */
  readonly bytes?: PassedBytes | undefined;
}

/**
 * The member of a reported result that holds the other texts of a call that its client was handed: progress, log messages,
 * questions. An enforcement point adds it.
 */
export const HANDED_ON = 'dev.writ/handed-on';

/** Returns whether an action was done as permitted, and nothing else is to be said: a permit whose outcome is lost counts as that. */
export function isAsPermitted(status: OutcomeStatus, { changes = [], error, bytes }: OutcomeDetails = {}): boolean {
  return status === 'completed' && changes.length === 0 && error === undefined && bytes === undefined;
}
