import type { ProblemAnswer } from '../../http/enforced/problems.js';
import { decisionMetadata } from '../metadata.js';
import { sentProblem } from '../problems.js';
import { BODY_MODE, type BodyMode, type HeaderMutation, type ProcessingResponse } from '../protocol/messages.js';
import { type HeadChanges, headersToSet } from '../request/changes.js';

/** Returns the message that ends a request with an answer of this side. */
export function ending(problem: ProblemAnswer, decision?: string): ProcessingResponse {
  const { headers, body } = sentProblem(problem, true);
  return {
    immediateResponse: {
      status: { code: problem.status },
      headers: { setHeaders: headers },
      body: Buffer.from(body),
      details: 'writ',
    },
    ...decisionMetadata(decision),
  };
}

/** Returns the mutation that makes a head the one that was decided on. @param length of the body, if that is replaced */
export function headMutation({ target, set, remove }: HeadChanges, length?: number): HeaderMutation {
  const own = [...set];
  if (target !== undefined) own.push([':path', target]);
  if (length !== undefined) own.push(['content-length', String(length)]);
  return { setHeaders: headersToSet(own, true), removeHeaders: remove };
}

/** Returns the reply that lets the head of an answer pass, and says how its body is to be shown. */
export function headPasses(mode?: BodyMode): ProcessingResponse {
  if (mode === undefined) return { responseHeaders: {} };
  return {
    responseHeaders: {},
    modeOverride: { responseHeaderMode: 1, requestBodyMode: BODY_MODE.buffered, responseBodyMode: mode },
  };
}

/** They are about the bytes of the service. */
const ABOUT_BYTES = ['etag', 'content-md5', 'digest', 'content-digest', 'repr-digest'];

/** Returns the reply that hands the body of an answer on. */
export function bodyPasses(was: Uint8Array, is: Uint8Array): ProcessingResponse {
  if (is === was) return { responseBody: {} };
  const setHeaders = headersToSet([['content-length', String(is.length)]], true);
  return {
    responseBody: {
      response: {
        headerMutation: { setHeaders, removeHeaders: ABOUT_BYTES },
        bodyMutation: { body: Buffer.from(is) },
      },
    },
  };
}
