import { messageOf } from '@writ/sdk/lib/message-of';
import type { Channel } from './channels.js';
import type { AccessTaskStore, Delivery } from './task-store.js';

interface DeliveriesParts {
  readonly store: AccessTaskStore;
  /** Returns a channel by name; undefined if the bundle does not have it any more. */
  readonly channel: (name: string) => Channel | undefined;
  readonly clock: () => Date;
  /** Called when a delivery failed; `isOver` if it is not tried again. */
  readonly failed: (delivery: Delivery, why: string, isOver: boolean) => void;
}

const MAX_AT_ONCE = 32;
const MAX_ATTEMPTS = 12;
const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 10 * 60_000;

/** Delivers notices at least once. One that did not arrive is tried again, later each time. */
export class Deliveries {
  constructor(private readonly parts: DeliveriesParts) {}

  /** Sends the deliveries that are due. Call it every second or so. */
  async tick(): Promise<void> {
    const due = await this.parts.store.due(this.parts.clock(), MAX_AT_ONCE);
    await Promise.all(due.map((delivery) => this.send(delivery)));
  }

  private async send(delivery: Delivery): Promise<void> {
    const { store, channel, clock, failed } = this.parts;
    try {
      const found = channel(delivery.channel);
      if (found === undefined) throw new Error(`the bundle has no channel ${delivery.channel}`);
      await found.send(delivery.address, delivery.body);
      await store.delivered(delivery.id);
    } catch (error) {
      const attempts = delivery.attempts + 1;
      const isOver = attempts >= MAX_ATTEMPTS;
      failed(delivery, messageOf(error), isOver);
      if (isOver) return store.delivered(delivery.id);
      const wait = Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), MAX_WAIT_MS);
      await store.again(delivery.id, attempts, new Date(clock().getTime() + wait));
    }
  }
}
