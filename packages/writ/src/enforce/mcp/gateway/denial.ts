import { ProtocolError } from '@modelcontextprotocol/server';
import { type Decision, decidingPolicies, explainBriefly } from '../../../decide/decision.js';
import { defined } from '../../../lib/defined.js';
import type { RequestReference } from '../../call-queue.js';
import { ERROR } from '../protocol/errors.js';

/** What a client gets whose request was not permitted: why, and what it can do. */
export function denial(what: string, decision: Decision, asked: RequestReference | undefined): ProtocolError {
  const how =
    asked === undefined || decision.result !== 'step_up'
      ? ''
      : `. ${ASKED[asked.status] ?? ASKED.pending} (${asked.id})`;
  return new ProtocolError(ERROR.denied, `${what} was not permitted: ${explainBriefly(decision)}${how}`, {
    decisionId: decision.id,
    result: decision.result,
    reasons: decidingPolicies(decision),
    ...defined({ accessRequest: asked, refusal: decision.refusal }),
  });
}

const ASKED: Readonly<Record<string, string>> = {
  pending: 'Somebody is asked to approve it; make the same call again later',
  denied: 'Somebody was asked to approve it, and denied it; do not ask again',
};
