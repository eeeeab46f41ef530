import { ProtocolError } from '@modelcontextprotocol/server';
import type { RequestReference } from '@writ/sdk/authzen';
import { type Decision, decidingPolicies, explainBriefly, isMisfit, retryAfter } from '../../../decide/decision.js';
import { defined } from '../../../lib/defined.js';
import { table } from '../../../lib/table.js';
import { ERROR } from '../protocol/errors.js';

/** Returns the error for a request that was not permitted: why, and what the client can do. */
export function denial(what: string, decision: Decision, reference: RequestReference | undefined): ProtocolError {
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
