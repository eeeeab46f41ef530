import type { AccessRequest } from '@writ/sdk/authzen';
import type { CallingClient } from '../../enforcer/caller.js';
import type { Requests } from '../../enforcer/operation.js';
import { MappingError } from '../../errors.js';
import type { Came } from './permit.js';

/** A client that a request proves. */
export interface Identified {
  readonly client: CallingClient;
  /** Its transaction token, for requests that bring none. */
  readonly txnToken: string | undefined;
  /** Returns why it may not ask for a decision at all; undefined if it may. */
  readonly barredFrom?: ((request: AccessRequest) => string | undefined) | undefined;
}

/** The parts of a request that say who asks. */
export type Asking = Pick<Came, 'headers' | 'connection'>;

/**
 * Returns the client that a request proves by its credential or its connection; undefined if it proves none. Rejects if it cannot be
 * verified now.
 */
export type Identify = (asking: Asking) => Promise<Identified | undefined>;

/** @throws {MappingError} if the client may not ask for one of the decisions */
export function unbarred(requests: Requests, barredFrom: Identified['barredFrom']): Requests {
  for (const request of requests) {
    const why = barredFrom?.(request);
    if (why !== undefined) throw new MappingError(why);
  }
  return requests;
}
