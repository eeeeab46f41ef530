import { SerialQueue } from '../../lib/serial-queue.js';

interface ListenerParts<T> {
  /** Returns whether the bundle that is served now needs it. */
  readonly isNeeded: () => boolean;
  readonly listen: () => Promise<T>;
  /** Stops: requests under way may end for a bounded time. */
  readonly stop: (listening: T) => Promise<void>;
}

/** A listener that is there as long as the bundle needs it. */
export class FollowedListener<T extends { readonly url: string }> {
  private listening: T | undefined;
  private isClosed = false;
  private readonly queue = new SerialQueue();

  constructor(private readonly parts: ListenerParts<T>) {}

  /** Undefined while it does not listen. */
  get url(): string | undefined {
    return this.listening?.url;
  }

  /** Listens if the bundle needs it, and stops if not. @throws {Error} that the listener throws, as one for a port that is taken */
  follow(): Promise<void> {
    return this.queue.run(async () => {
      const isNeeded = !this.isClosed && this.parts.isNeeded();
      if (isNeeded) this.listening ??= await this.parts.listen();
      else await this.stop();
    });
  }

  /** Stops, and never listens again. */
  close(): Promise<void> {
    this.isClosed = true;
    return this.follow();
  }

  private async stop(): Promise<void> {
    const { listening } = this;
    if (listening === undefined) return;
    this.listening = undefined;
    await this.parts.stop(listening);
  }
}
