import { type ActionDeclaration, type CedarError, valueProblem } from '@writ/cedar';
import { refuse, type Verdict } from '@writ/sdk/authzen';
import { givenInput } from './context.js';

/** The beginning of the message of each request that no policy was asked about, because it does not fit the schema. */
const DOES_NOT_FIT = 'the request does not fit the schema';

/** Returns the denial of a request that does not fit the schema. @param why the part that does not fit, and what to send instead */
export function misfit(why: string): Verdict {
  return refuse('invalid_request', `${DOES_NOT_FIT}: ${why}`);
}

/** Returns the denial of a request that does not fit the schema, by the error that says so. */
export function misfitBy({ message, help }: CedarError): Verdict {
  return misfit(help === undefined ? message : `${message}; ${help}`);
}

/**
 * Returns the denial of a request whose arguments do not fit the schema; undefined if they fit. An accumulator reads them before
 * a policy does, and can fail on what a policy would not be asked about.
 *
 * @param opaque the arguments that policies do not see
 */
export function inputMisfit(
  action: ActionDeclaration,
  context: Readonly<Record<string, unknown>>,
  opaque: readonly string[],
): Verdict | undefined {
  const declared = action.context.attributes.get('input');
  const input = declared && givenInput(context, opaque, declared.type);
  const problem = declared && input !== undefined ? valueProblem(input, declared.type, 'context.input') : undefined;
  return problem && misfitBy(problem);
}
