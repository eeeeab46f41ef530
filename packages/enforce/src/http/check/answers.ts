import type { ServerResponse } from 'node:http';
import type { ProxyDenial, ProxyPermit } from '../enforced/permit.js';
import { ofDenial, ofRefusal, type ProblemAnswer, problemText, UNDECIDED } from '../enforced/problems.js';
import type { Refusal } from '../request/refusal.js';

/** The header with the id of the decision. */
const DECISION = 'writ-decision';
/** The headers with the problem and its status, for a front that drops the body of a refusal. */
const [PROBLEM, STATUS] = ['writ-problem', 'writ-status'];
const MAX_PROBLEM = 1_000;

/** Why a request is not forwarded. */
export type NotForwarded =
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  | { readonly kind: 'denial'; readonly denial: ProxyDenial }
  | { readonly kind: 'undecided' }
  | { readonly kind: 'front' };

/** Nobody says whether this is a front; it learns no more. */
const NO_FRONT = { status: 403, title: 'the front did not prove itself', members: { code: 'front_unknown' } };

/** Of a request that this side sends itself. */
const NOT_OF_SERVICE: ReadonlySet<string> = new Set(['accept-encoding']);

/** Sends a permit: a status of success, with the headers that the front copies. */
export function sendPermit(response: ServerResponse, { decision, headers = {} }: ProxyPermit): void {
  response.writeHead(204, {
    ...Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_OF_SERVICE.has(name))),
    ...(decision === undefined ? {} : { [DECISION]: decision }),
    'cache-control': 'no-store',
  });
  response.end();
}

/**
 * Sends a refusal.
 *
 * @param knowsTwo whether the front knows 401 and 403 alone
 */
export function sendRefusal(response: ServerResponse, why: NotForwarded, knowsTwo: boolean): void {
  const { status, title, headers = {}, members = {} } = problemOf(why);
  const sent = knowsTwo && status !== 401 ? 403 : status;
  const body = problemText({ status: sent, title, members });
  const short =
    body.length <= MAX_PROBLEM
      ? body
      : JSON.stringify({ code: members.code, title: title.slice(0, 300), status: sent });
  response.writeHead(sent, {
    ...headers,
    ...(knowsTwo ? { [STATUS]: String(status), [PROBLEM]: inAscii(short) } : {}),
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}

function problemOf(why: NotForwarded): ProblemAnswer {
  switch (why.kind) {
    case 'refusal':
      return ofRefusal(why.refusal);
    case 'denial':
      return ofDenial(why.denial);
    case 'undecided':
      return UNDECIDED;
    case 'front':
      return NO_FRONT;
  }
}

/** JSON as the value of a header. */
function inAscii(json: string): string {
  return json.replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
