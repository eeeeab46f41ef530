import { ProtocolError } from '@modelcontextprotocol/server';
import type { Refused } from '@writ/enforce';
import {
  type Decision,
  decidingPolicies,
  explainBriefly,
  isMisfit,
  type RequestReference,
  retryAfter,
} from '@writ/sdk/authzen';
import { defined } from '@writ/sdk/lib/defined';
import { table } from '../../../lib/table.js';
import { ERROR } from '../protocol/errors.js';

/** Returns the error for an operation that is not carried out. */
export function refusal(what: string, refused: Refused): Error {
  switch (refused.kind) {
    case 'mapping':
      return new ProtocolError(ERROR.mapping, refused.error.message);
    case 'unavailable':
      return new ProtocolError(
        ERROR.decisionPoint,
        'the decision point did not answer; the call was not made. Try again later',
      );
    case 'justification':
      return refused.error;
    case 'obligation':
      return new ProtocolError(ERROR.denied, `${what} was not permitted: ${refused.error.message}`, {
        decisionId: refused.decision.id,
      });
    case 'held':
    case 'denied':
      return denial(what, refused.decision, refused.reference);
  }
}

/** Returns the error for a request that was not permitted: why, and what the client can do. */
function denial(what: string, decision: Decision, reference: RequestReference | undefined): ProtocolError {
  const how =
    reference === undefined || decision.result !== 'step_up' ? '' : `. ${askedOf(reference)} (${reference.id})`;
  const after = retryAfter(decision, Date.now());
  const when = after === undefined ? '' : `. Its limit is over in ${after} s`;
  const head = isMisfit(decision) ? `${what} was not made` : `${what} was not permitted`;
  return new ProtocolError(ERROR.denied, `${head}: ${explainBriefly(decision)}${when}${how}`, {
    decisionId: decision.id,
    result: decision.result,
    reasons: decidingPolicies(decision),
    ...defined({
      accessRequest: reference && shown(reference),
      refusal: decision.refusal,
      retry_after: after,
    }),
  });
}

function askedOf({ status, unapprovable }: RequestReference): string {
  if (status === 'pending' && unapprovable !== undefined) return `Nobody can approve this: ${unapprovable}`;
  return ASKED[status] ?? String(ASKED.pending);
}

function shown({ id, status, unapprovable }: RequestReference): object {
  return { id, status, ...defined({ unapprovable }) };
}

const ASKED = table<string>({
  pending:
    'Somebody is asked to approve it; make the same call again later, in this session: an approval is for its task, and a new session asks again',
  denied: 'Somebody was asked to approve it, and denied it; do not ask again',
});
