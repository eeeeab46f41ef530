import type { Delivery } from '../../signals/deliver.js';
import type { SignalStream } from '../../signals/stream.js';

/** A stream that is listened to. */
export interface ReceivedStream {
  readonly stream: SignalStream;
  /** What it has to prove itself with when it pushes; undefined when it does not push. */
  readonly pushAuthorization: string | undefined;
  /** After how many milliseconds of silence it is not relied on. */
  readonly maxAge: number | undefined;
}

/** A receiver of ours, and the caller that may fetch for it. */
export interface ToldReceiver {
  readonly delivery: Delivery;
  readonly caller: string | undefined;
}

/** The signals of the bundle that is served. */
export interface ServedSignals {
  stream(name: string): ReceivedStream | undefined;
  receiver(name: string): ToldReceiver | undefined;
  readonly hasReceivers: boolean;
}
