import { defined } from '@writ/sdk/lib/defined';
import type { RevisionLog } from '../registry/revision-log.js';
import type { Revocations } from '../registry/revocations.js';
import { eventsBehind, type OutgoingEvent } from './outgoing.js';
import type { StreamStore } from './stream-store.js';

/** A receiver of our revocations. */
interface SignalReceiver {
  readonly name: string;
  readonly audience: string;
  /** The address that events are sent to; undefined for a receiver that fetches them. */
  readonly push?: { readonly url: string; readonly authorization: string | undefined } | undefined;
}

interface DeliveryParts {
  readonly store: StreamStore;
  readonly revisions: RevisionLog;
  readonly revocations: Revocations;
  readonly issuer: () => string;
  /** Makes a security event token of an event. */
  readonly sign: (event: Omit<OutgoingEvent, 'revision'>, audience: string) => Promise<string>;
  readonly failed: (receiver: string, error: Error) => void;
}

const TIMEOUT_MS = 10_000;
const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 60_000;
/** The interval at which the changes of other services on the database are polled. */
const LOOK_MS = 1_000;

/**
 * Delivers revocations and reinstatements to one receiver, in order, each at least once: the revision is stored when the receiver
 * has accepted an event. Delivery starts with the declaration of the receiver.
 */
export class Delivery {
  private readonly closing = new AbortController();
  private running: Promise<void> | undefined;
  private wake: () => void = () => undefined;
  private delivered = 0;
  private hasBegun = false;
  /** Of events that a receiver which fetches has, while it does not have one before them. */
  private readonly acknowledged = new Set<string>();
  private verifications: Omit<OutgoingEvent, 'revision'>[] = [];

  constructor(
    readonly receiver: SignalReceiver,
    private readonly parts: DeliveryParts,
  ) {}

  /** Starts to deliver, from where delivery to this receiver ended before; to a new one, from now on. */
  start(): void {
    this.delivered = this.parts.revisions.revision;
    if (this.receiver.push !== undefined) this.running = this.run();
    else this.running = this.begin().catch((error: unknown) => this.parts.failed(this.receiver.name, error as Error));
  }

  /** Finds where to begin, once; is called again if the store failed. */
  private async begin(): Promise<void> {
    if (this.hasBegun) return;
    const { name } = this.receiver;
    const known = await this.parts.store.deliveredUpTo(name);
    if (known === undefined) await this.parts.store.setDeliveredUpTo(name, this.delivered);
    if (this.hasBegun) return;
    this.delivered = known ?? this.delivered;
    this.hasBegun = true;
  }

  /** Something may have changed. */
  look(): void {
    this.wake();
  }

  /** Sends a verification event with the next (SSF 1.0, section 8.1.4). */
  verify(state: string | undefined, streamId: string, jti: string): void {
    this.verifications.push({
      jti,
      subId: { format: 'opaque', id: streamId },
      uri: 'https://schemas.openid.net/secevent/ssf/event-type/verification',
      claims: state === undefined ? {} : { state },
    });
    this.wake();
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.wake();
    await this.running;
  }

  /**
   * RFC 8936: what a receiver that fetches gets.
   *
   * @param done the `jti` of those that it has, or refused
   */
  async poll(
    maxEvents: number,
    done: readonly string[],
  ): Promise<{ readonly sets: Readonly<Record<string, string>>; readonly moreAvailable: boolean }> {
    await this.begin();
    this.verifications = this.verifications.filter(({ jti }) => !done.includes(jti));
    const { events, upTo } = await this.pending();
    for (const { jti } of events) if (done.includes(jti)) this.acknowledged.add(jti);
    // It is delivered up to the first event that it does not have, whatever it has behind it.
    for (const { jti, revision } of events) {
      if (!this.acknowledged.delete(jti)) break;
      await this.setDelivered(revision);
    }
    const behind = events.filter(({ jti, revision }) => revision > this.delivered && !this.acknowledged.has(jti));
    const left = [...this.verifications, ...behind];
    if (behind.length === 0 && this.acknowledged.size === 0) await this.setDelivered(Math.max(this.delivered, upTo));
    const sets: Record<string, string> = {};
    for (const event of left.slice(0, maxEvents))
      sets[event.jti] = await this.parts.sign(event, this.receiver.audience);
    return { sets, moreAvailable: left.length > maxEvents };
  }

  private pending() {
    const { revisions, revocations, issuer } = this.parts;
    return eventsBehind(this.delivered, revisions, revocations, issuer());
  }

  private async setDelivered(revision: number): Promise<void> {
    if (revision === this.delivered) return;
    await this.parts.store.setDeliveredUpTo(this.receiver.name, revision);
    this.delivered = revision;
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    for (let wait = LOOK_MS; !signal.aborted; ) {
      try {
        await this.pushAll();
        wait = LOOK_MS;
      } catch (error) {
        if (signal.aborted) return;
        this.parts.failed(this.receiver.name, error as Error);
        wait = Math.min(Math.max(wait, FIRST_WAIT_MS) * 2, MAX_WAIT_MS);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait).unref();
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (signal.aborted) this.wake();
      });
    }
  }

  private async pushAll(): Promise<void> {
    await this.begin();
    for (let next = this.verifications[0]; next !== undefined; next = this.verifications[0]) {
      await this.push(next);
      this.verifications.shift();
    }
    for (let isMore = true; isMore && !this.closing.signal.aborted; ) {
      const { events, upTo } = await this.pending();
      for (const event of events) {
        await this.push(event);
        await this.setDelivered(event.revision);
      }
      isMore = upTo > this.delivered;
      await this.setDelivered(Math.max(this.delivered, upTo));
    }
  }

  /** Pushes events (RFC 8935). A malformed event would be refused again: it is sent once, and does not hold up later ones. */
  private async push(event: Omit<OutgoingEvent, 'revision'>): Promise<void> {
    const { url, authorization } = this.receiver.push as NonNullable<SignalReceiver['push']>;
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), this.closing.signal]),
      headers: {
        'Content-Type': 'application/secevent+jwt',
        Accept: 'application/json',
        ...defined({ Authorization: authorization }),
      },
      body: await this.parts.sign(event, this.receiver.audience),
    });
    const text = (await response.text()).slice(0, 1_000);
    if (response.status === 202 || response.ok) return;
    const error = new Error(`${url} answered ${response.status}: ${text}`);
    const isForGood = response.status === 400 && !/authentication_failed|access_denied|invalid_key/.test(text);
    if (!isForGood) throw error;
    this.parts.failed(this.receiver.name, error);
  }
}
