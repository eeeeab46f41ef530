import { WritError } from '../lib/errors.js';

/**
 * The declaration of an accumulator is invalid.
 *
 * @fix Mend ledger.yaml; `writ check` names the place.
 */
export class AccumulatorError extends WritError {
  readonly code = 'accumulator_invalid';
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
}
