import { ProtocolError } from '@modelcontextprotocol/server';
import { copyWith } from '@writ/sdk/lib/exact-json';
import { isObject } from '@writ/sdk/lib/is-object';
import { ERROR } from '../protocol/errors.js';
import { type CallResult, DECISION_META } from '../protocol/result.js';

/**
 * Returns the error of a server as its client gets it: code, message and data as the server gave them, because a client
 * can have to act on each. The id of the decision is added to data that is an object, under a name that the server did
 * not use.
 */
export function serverError({ code, message, data }: ProtocolError, decisionId: string): ProtocolError {
  if (data !== undefined && !isObject(data)) return new ProtocolError(code, message, data);
  const name = data !== undefined && Object.hasOwn(data, 'decisionId') ? DECISION_META : 'decisionId';
  return new ProtocolError(code, message, copyWith(data ?? {}, { [name]: decisionId }));
}

/** Returns an error of a server in the form of a result, so that all that it says is learned. */
export function answerOf({ code, message, data }: ProtocolError): CallResult {
  return { content: [], isError: true, error: { code, message, ...(data === undefined ? {} : { data }) } };
}

/** A code that can hold nothing but itself. */
const MAX_CODE = 99_999;

/** Returns an error of a server without anything that the server wrote: it says its code. */
export function unsaidError(what: string, decisionId: string, { code }: ProtocolError): ProtocolError {
  const kept = Number.isInteger(code) && Math.abs(code) <= MAX_CODE ? code : ERROR.decisionPoint;
  return new ProtocolError(kept, `${what} failed; what its server said is withheld`, { decisionId });
}
