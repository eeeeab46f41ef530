import type { Refusal } from '../request/refusal.js';
import type { ProxyDenial } from './permit.js';

/** An answer that an enforcement point makes itself (RFC 9457). */
export interface ProblemAnswer {
  readonly status: number;
  readonly title: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly members?: Readonly<Record<string, unknown>> | undefined;
}

/** Returns the answer to a request that has two readings, or is of no operation. */
export function ofRefusal({ status, code, reason, allow }: Refusal): ProblemAnswer {
  return {
    status,
    title: reason,
    headers: allow === undefined ? undefined : { allow: allow.join(', ') },
    members: { code },
  };
}

/** Returns the answer to a request that is not permitted. */
export function ofDenial({ status, title, headers, members }: ProxyDenial): ProblemAnswer {
  return { status, title, headers, members: { ...members, code: 'not_permitted' } };
}

/** Nobody could decide. The caller learns no more than that. */
export const UNDECIDED: ProblemAnswer = {
  status: 503,
  title: 'no decision could be made',
  members: { code: 'undecided' },
};

/** The request was carried out, and its answer may not be handed on. */
export const WITHHELD: ProblemAnswer = {
  status: 502,
  title: 'the request was carried out, and its answer is withheld',
  members: { code: 'withheld' },
};

/** The service cannot be reached, or does not answer in time. */
export const NO_ANSWER: ProblemAnswer = {
  status: 502,
  title: 'the service did not answer',
  members: { code: 'no_answer' },
};

/** Returns the body of a problem. */
export function problemText({ status, title, members = {} }: ProblemAnswer): string {
  return JSON.stringify({ ...members, title, status });
}
