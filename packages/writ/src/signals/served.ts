import type { Delivery } from './deliver.js';
import type { SignalStream } from './stream.js';

/** A stream whose events are received. */
export interface ReceivedStream {
  readonly stream: SignalStream;
  /** The `Authorization` header that its transmitter pushes with; undefined if it does not push. */
  readonly pushAuthorization: string | undefined;
  /** How long it may be silent before it is not relied on, in milliseconds; undefined for ever. */
  readonly maxAge: number | undefined;
}

/** A receiver of our events, and the caller that may fetch them. */
export interface ServedReceiver {
  readonly delivery: Delivery;
  readonly caller: string | undefined;
}

/** The streams and receivers of the served bundle, by name. */
export interface ServedSignals {
  stream(name: string): ReceivedStream | undefined;
  receiver(name: string): ServedReceiver | undefined;
  readonly hasReceivers: boolean;
}
