import type { ServerResponse } from 'node:http';
import { ofDenial, ofRefusal, UNDECIDED } from '../proxy/answers.js';
import type { ProxyDenial } from '../proxy/permit.js';
import type { Refusal } from '../request/refusal.js';
import type { CheckPermit } from './decided.js';

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

/** Sends a permit: a status of success, with the headers that the front copies. */
export function sendPermit(response: ServerResponse, { decisionId, credential }: CheckPermit): void {
  response.writeHead(204, {
    ...credential,
    ...(decisionId === undefined ? {} : { [DECISION]: decisionId }),
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
  const body = JSON.stringify({ ...members, title, status: sent });
  const short =
    body.length <= MAX_PROBLEM
      ? body
      : JSON.stringify({ code: members.code, title: title.slice(0, 300), status: sent });
  response.writeHead(sent, {
    ...headers,
    [STATUS]: String(status),
    [PROBLEM]: inAscii(short),
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}

function problemOf(why: NotForwarded): ReturnType<typeof ofRefusal> {
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
