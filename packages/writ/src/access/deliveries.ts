import type { Channel } from './channels.js';
import type { AccessTaskStore, Delivery } from './task-store.js';

interface DeliveriesParts {
  readonly store: AccessTaskStore;
  /** By name; undefined for one that the bundle has no more. */
  readonly channel: (name: string) => Channel | undefined;
  readonly clock: () => Date;
  readonly failed: (delivery: Delivery, why: string, isOver: boolean) => void;
}

const AT_ONCE = 32;
const MOST_ATTEMPTS = 12;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10 * 60_000;

/** Tells what is to be told, at least once, and again when it did not arrive. */
export class Deliveries {
  constructor(private readonly parts: DeliveriesParts) {}

  /** Sends what is due. To be called again and again. */
  async tick(): Promise<void> {
    const due = await this.parts.store.due(this.parts.clock(), AT_ONCE);
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
      const isOver = attempts >= MOST_ATTEMPTS;
      failed(delivery, error instanceof Error ? error.message : String(error), isOver);
      if (isOver) return store.delivered(delivery.id);
      const wait = Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), LONGEST_WAIT_MS);
      await store.again(delivery.id, attempts, new Date(clock().getTime() + wait));
    }
  }
}
