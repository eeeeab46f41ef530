import { WritError } from '../lib/errors.js';

/** An accumulator is declared in a way that cannot work. */
export class AccumulatorError extends WritError {
  readonly code = 'accumulator_invalid';
}

/** An accumulator could not be worked out for an action. The action is then not permitted. */
export class LedgerError extends WritError {
  readonly code = 'ledger_unavailable';
}

/** A tool is described in a way that cannot work. */
export class ToolDescriptionError extends WritError {
  readonly code = 'tool_invalid';
}
