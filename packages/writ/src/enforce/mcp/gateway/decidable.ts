import { ProtocolError } from '@modelcontextprotocol/server';
import { type CallingClient, clientName, MappingError } from '@writ/enforce';
import type { Attempts } from '@writ/enforce/attempts';
import { ERROR } from '../protocol/errors.js';

/** An operation of a client that is about to be decided on. */
interface Operation {
  readonly name: string;
  readonly client: CallingClient;
}

/**
 * Returns what is to be decided on. An operation that cannot be mapped is no decision, and is counted as an attempt.
 *
 * @param said returns the text of the error
 * @throws {ProtocolError} if `map` throws a `MappingError`
 */
export function decidable<T>(
  attempts: Pick<Attempts, 'add'>,
  { name, client }: Operation,
  map: () => T,
  said = (error: MappingError): string => error.message,
): T {
  try {
    return map();
  } catch (error) {
    if (!(error instanceof MappingError)) throw error;
    attempts.add({ at: 'gateway', operation: name, reason: 'invalid', caller: clientName(client) });
    throw new ProtocolError(ERROR.mapping, said(error));
  }
}
