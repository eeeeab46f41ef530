import { WritError } from '../lib/errors.js';
import type { Denied } from './answer.js';

/**
 * A call was not permitted, so it was not made. `answer` says why, and what can be done.
 *
 * @fix Read `answer`; `writ explain ID` has the whole decision.
 */
export class NotPermittedError extends WritError {
  readonly code = 'call_not_permitted';

  constructor(
    readonly answer: Denied,
    message: string,
  ) {
    super(message, `\`writ explain ${answer.id}\` says why`);
  }
}

/**
 * A call was made, and nothing of what it returned may be handed on: an obligation on it cannot be carried out, or its
 * outcome is not on the record.
 *
 * @fix Read the message; do not make the call again without a look at what it did.
 */
export class WithheldError extends WritError {
  readonly code = 'result_withheld';

  constructor(
    readonly decisionId: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, undefined, options);
  }
}

/**
 * A call cannot be decided on: its input is not JSON, or a part of it is missing. It was not made.
 *
 * @fix Pass plain objects, lists, texts, finite numbers and booleans, as the message says.
 */
export class CallError extends WritError {
  readonly code = 'call_invalid';
}
