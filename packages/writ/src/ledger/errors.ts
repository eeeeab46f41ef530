import { WritError } from '../lib/errors.js';

/** The part of a declaration that a mistake is in. */
export interface DeclaredAt {
  readonly path: readonly PropertyKey[];
  /** Whether the last key is wrong, and not its value. */
  readonly isKey?: boolean;
  /** Of the character, in the text of the key or of the value. */
  readonly offset?: number;
}

/**
 * The declaration of an accumulator is invalid.
 *
 * @fix Mend ledger.yaml; `writ check` names the place.
 */
export class AccumulatorError extends WritError {
  readonly code = 'accumulator_invalid';

  constructor(
    message: string,
    help?: string,
    readonly at?: DeclaredAt,
  ) {
    super(message, help);
  }
}

/**
 * The ledger could not be read or updated for an action, so the action is not permitted.
 *
 * @fix Try again; if it persists, read the log of the service.
 * @status 503
 */
export class LedgerError extends WritError {
  readonly code = 'ledger_unavailable';
}

/** A derived value, or a fact that an expression names, is not known for an action, so the action is not permitted. */
export class UnknownValueError extends LedgerError {
  /** @param isMissing whether a fact is not known */
  constructor(
    message: string,
    readonly isMissing = false,
  ) {
    super(message);
  }
}

/**
 * The description of a tool is invalid.
 *
 * @fix Mend tools.yaml; `writ check` names the place.
 */
export class ToolDescriptionError extends WritError {
  readonly code = 'tool_invalid';

  constructor(
    message: string,
    help?: string,
    readonly at?: DeclaredAt,
  ) {
    super(message, help);
  }
}
