import type { Json } from '@writ/cedar/json';
import type { Operation } from '../definition/service.js';
import { refuse } from './refusal.js';

type JsonObject = { readonly [key: string]: Json };

/**
 * Returns the operation that a body names, where the route has several.
 *
 * @throws {Refused} if it names none that is declared, or holds several calls
 */
export function chosenOperation(operation: Operation | undefined, body: Json | undefined): Operation | undefined {
  if (operation?.choices === undefined) return operation;
  const { member, operations } = operation.choices;
  if (Array.isArray(body)) refuse('body_batch', 'the body has a list of calls; send each on its own');
  const name = isObject(body) ? memberOf(body, member) : undefined;
  const chosen = typeof name === 'string' ? operations.get(name) : undefined;
  return chosen ?? refuse('operation_unknown', `${JSON.stringify(member)} of the body names no operation of this path`);
}

/**
 * Returns the conversation that a body says it belongs to; undefined if it says none.
 *
 * @throws {Refused} if it is no text, or stands under another spelling
 */
export function conversationIn(operation: Operation | undefined, body: Json | undefined): string | undefined {
  let at: Json | undefined = body;
  for (const member of operation?.conversation ?? []) {
    if (!isObject(at)) return at === undefined || at === null ? undefined : refuse('body_ambiguous', UNCLEAR);
    at = memberOf(at, member);
  }
  if (operation?.conversation === undefined || at === undefined || at === null || at === '') return undefined;
  return typeof at === 'string' ? at : refuse('body_ambiguous', UNCLEAR);
}

const UNCLEAR = 'the body does not say as a text which conversation it belongs to';

/** Returns a member. Some readers take `context_id` for `contextId`: a body with another spelling has two readings. */
function memberOf(of: JsonObject, member: string): Json | undefined {
  const folded = fold(member);
  const other = Object.keys(of).find((key) => key !== member && fold(key) === folded);
  if (other !== undefined)
    refuse(
      'body_ambiguous',
      `the body has ${JSON.stringify(other.slice(0, 80))}, which some read as ${JSON.stringify(member)}`,
    );
  return Object.hasOwn(of, member) ? of[member] : undefined;
}

function fold(key: string): string {
  return key
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
