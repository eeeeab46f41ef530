import { every } from '@writ/sdk/lib/every';
import { SignJWT } from 'jose';
import type { Logger } from 'pino';
import { Closers } from '../lib/closers.js';
import { environmentText } from '../lib/environment.js';
import { CREDENTIALS } from '../lib/known-credentials.js';
import type { SigningKeys } from '../provenance/signing-keys.js';
import type { RevisionLog } from '../registry/revision-log.js';
import type { Revocations } from '../registry/revocations.js';
import type { DeclaredSignals } from './declared.js';
import { Delivery } from './deliver.js';
import { clientOf, openStream } from './open-stream.js';
import type { OutgoingEvent } from './outgoing.js';
import type { ReceivedStream, ServedReceiver, ServedSignals } from './served.js';
import type { SignalSinks } from './stream.js';
import type { StreamStore } from './stream-store.js';
import type { TransmitterClient } from './transmitter-client.js';

interface SignalsParts {
  readonly store: StreamStore;
  readonly sinks: SignalSinks;
  readonly revisions: RevisionLog;
  readonly revocations: Revocations;
  readonly keys: SigningKeys;
  readonly publicUrl: () => string;
  readonly clock: () => Date;
  readonly logger: Logger;
  /** Whether another service fetches and delivers events; this one takes those that are pushed to it. */
  readonly isFollower: boolean;
}

const REFRESH_MS = 1_000;
const NONE: DeclaredSignals = { receive: {}, transmit: {} };

/** The signals of the served bundle: the streams that it receives, and the receivers of its own events. */
export class Signals implements ServedSignals {
  private declared = JSON.stringify(NONE);
  private streams: ReadonlyMap<string, ReceivedStream> = new Map();
  private receivers: ReadonlyMap<string, ServedReceiver> = new Map();
  private running = new Closers();

  constructor(private readonly parts: SignalsParts) {
    parts.revocations.onRevocation(() => {
      for (const { delivery } of this.receivers.values()) delivery.look();
    });
  }

  stream(name: string): ReceivedStream | undefined {
    return this.streams.get(name);
  }

  receiver(name: string): ServedReceiver | undefined {
    return this.receivers.get(name);
  }

  get hasReceivers(): boolean {
    return this.receivers.size > 0;
  }

  /** Yields the streams that must not be silent, with the age of the last event of each and the limit of that age, in milliseconds. */
  *ages(): Generator<readonly [source: string, age: number, limit: number]> {
    for (const [name, { stream, maxAge }] of this.streams)
      if (maxAge !== undefined) yield [`the stream ${name}`, stream.age, maxAge];
  }

  /**
   * Prepares the streams and receivers that are declared.
   *
   * @returns a function that replaces the current ones by them; it changes nothing if the declaration is the current one
   * @throws {EnvironmentError} when a variable is not in the environment; {@link IdentityMappingError} when an identity is not CEL;
   *   {@link StreamError} when a transmitter's configuration is another's
   */
  async prepare(signals: DeclaredSignals): Promise<() => Promise<void>> {
    const declared = JSON.stringify(signals);
    if (declared === this.declared) return async () => undefined;
    const { isFollower, keys } = this.parts;
    // The service that is followed fetches and delivers for both.
    const transmit = isFollower ? {} : signals.transmit;
    if (Object.keys(transmit).length > 0) await keys.ensure('RS256');
    const streams = new Map<string, ReceivedStream>();
    const clients: TransmitterClient[] = [];
    for (const [name, one] of Object.entries(signals.receive)) {
      const received = await openStream(name, one, this.parts);
      streams.set(name, received);
      if (!isFollower) clients.push(clientOf(name, one, received, this.parts));
    }
    const receivers = new Map<string, ServedReceiver>();
    for (const [name, { audience, push, caller }] of Object.entries(transmit)) {
      const authorization = push?.authorization && environmentText(push.authorization, `signals.transmit.${name}`);
      CREDENTIALS.add(authorization);
      const receiver = { name, audience, push: push && { url: push.url, authorization } };
      receivers.set(name, { caller, delivery: new Delivery(receiver, this.deliveryParts()) });
    }
    return async () => {
      const previous = this.running;
      const running = new Closers();
      [this.declared, this.streams, this.receivers, this.running] = [declared, streams, receivers, running];
      await previous.close().catch((error: unknown) => this.parts.logger.error({ err: error }, 'a stream did not end'));
      this.start(running, clients);
    };
  }

  private start(running: Closers, clients: readonly TransmitterClient[]): void {
    for (const client of clients) {
      running.add(() => client.close());
      client.start();
    }
    for (const { delivery } of this.receivers.values()) {
      running.add(() => delivery.close());
      delivery.start();
    }
    if (this.streams.size === 0) return;
    // Events that were pushed to another service on the database count here too.
    const refresh = async (): Promise<void> => {
      for (const { stream } of this.streams.values()) await stream.refresh();
    };
    running.add(
      every(REFRESH_MS, refresh, (error) =>
        this.parts.logger.warn({ err: error }, 'the state of streams could not be read'),
      ),
    );
  }

  private deliveryParts() {
    const { store, revisions, revocations, publicUrl, logger } = this.parts;
    return {
      store,
      revisions,
      revocations,
      issuer: publicUrl,
      sign: (event: Omit<OutgoingEvent, 'revision'>, audience: string) => this.sign(event, audience),
      failed: (receiver: string, error: Error) => logger.warn({ receiver, err: error }, 'signals could not be sent'),
    };
  }

  /** Signs a security event token (RFC 8417) as the CAEP interoperability profile has it. */
  private sign({ jti, subId, uri, claims }: Omit<OutgoingEvent, 'revision'>, audience: string): Promise<string> {
    const { kid, privateKey } = this.parts.keys.current('RS256');
    return new SignJWT({ sub_id: subId, events: { [uri]: claims } })
      .setProtectedHeader({ alg: 'RS256', typ: 'secevent+jwt', kid })
      .setIssuer(this.parts.publicUrl())
      .setAudience(audience)
      .setJti(jti)
      .setIssuedAt(Math.floor(this.parts.clock().getTime() / 1_000))
      .sign(privateKey);
  }

  close(): Promise<void> {
    return this.running.close();
  }
}
