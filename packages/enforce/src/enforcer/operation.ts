import type { AccessRequest, Decision, RequestReference } from '@writ/sdk/authzen';
import type { ObligationError } from '@writ/sdk/obligations';
import type { JustificationNeeded, MappingError } from '../errors.js';

/** The requests of one operation, each of which has to be permitted. */
export type Requests = readonly [AccessRequest, ...AccessRequest[]];

/** An operation of any protocol, before it is decided on. */
export interface Operation {
  /** The name that callers know it by, in messages and among attempts. */
  readonly name: string;
  /** Returns the requests for its decisions. @throws {MappingError} if it cannot be decided on */
  readonly requests: () => Requests;
  /** The parts that a permit may change. Without it, a permit with an obligation is refused. */
  readonly changeable?: Changeable | undefined;
}

/** The parts of an operation that obligations can be carried out on. */
export interface Changeable {
  readonly input: unknown;
  /** Returns why a changed input does not fit the operation; undefined if it fits. */
  readonly schemaError?: ((changed: unknown) => string | undefined) | undefined;
  /** False if the result passes as a stream, or cannot be read. */
  readonly result: boolean;
}

/** Why an operation is not carried out. */
export type Refused =
  /** It could not be mapped to requests. No decision was made, and an attempt is counted. */
  | { readonly kind: 'mapping'; readonly error: MappingError }
  /** The decision point gave no answer that can be relied on. No decision was made, and an attempt is counted. */
  | { readonly kind: 'unavailable'; readonly error: unknown }
  /** Its user has to say first why it is needed. */
  | { readonly kind: 'justification'; readonly error: JustificationNeeded }
  /** A person is asked to approve it. The same operation can be asked for again later. */
  | { readonly kind: 'held'; readonly decision: Decision; readonly reference: RequestReference }
  | { readonly kind: 'denied'; readonly decision: Decision; readonly reference: RequestReference | undefined }
  /** It is permitted, but with an obligation that cannot be carried out on it. It is reported as not executed. */
  | { readonly kind: 'obligation'; readonly decision: Decision; readonly error: ObligationError };
