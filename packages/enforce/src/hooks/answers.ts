import { explainBriefly, isMisfit, retryAfter } from '@writ/sdk/authzen';
import type { Refused } from '../enforcer/operation.js';

const MAX_REASON = 2_000;

/** Returns why an operation is not carried out, for the agent and the person at its client. */
export function reasonOf(what: string, refused: Refused): string {
  return bounded(textOf(what, refused));
}

/** Returns a text of at most the length that every client shows whole. */
export function bounded(text: string): string {
  return text.length <= MAX_REASON ? text : `${text.slice(0, MAX_REASON - 1)}…`;
}

function textOf(what: string, refused: Refused): string {
  switch (refused.kind) {
    case 'mapping':
      return `Writ cannot decide on ${what}: ${refused.error.message}`;
    case 'unavailable':
      return `Writ could not decide on ${what}, so it does not run; try again later`;
    case 'justification':
      return `Writ does not permit ${what}: ${refused.error.message}`;
    case 'obligation':
      return `Writ does not permit ${what}: ${refused.error.message} (decision ${refused.decision.id})`;
    case 'held':
    case 'denied': {
      const { decision, reference } = refused;
      const after = retryAfter(decision, Date.now());
      const parts = [
        `Writ does not permit ${what}: ${explainBriefly(decision)}`,
        isMisfit(decision) ? 'the rules have no such action, or it has other arguments' : undefined,
        after === undefined ? undefined : `its limit is over in ${after} s`,
        reference === undefined ? undefined : askedOf(reference),
        `decision ${decision.id}`,
      ];
      return parts.filter((part) => part !== undefined).join('. ');
    }
  }
}

function askedOf({ id, status, unapprovable }: Extract<Refused, { kind: 'held' }>['reference']): string {
  if (status === 'pending' && unapprovable !== undefined) return `Nobody can approve this: ${unapprovable}`;
  if (status === 'pending')
    return `Somebody is asked to approve it (request ${id}); after that make the same call again in this session`;
  return `The request ${id} for it is ${status}; do not ask again`;
}
