import { SignJWT } from 'jose';
import type { Logger } from 'pino';
import type { ReceivedStream, ServedSignals, ToldReceiver } from './api/signals/parts.js';
import type { Bundle } from './bundle/bundle.js';
import type { StreamYaml } from './bundle/format/signals.js';
import { millisecondsOf } from './lib/duration.js';
import { environmentText } from './lib/environment.js';
import { CredentialError } from './provenance/errors.js';
import { compileIdentity } from './provenance/identity-claims.js';
import type { SigningKeys } from './provenance/signing-keys.js';
import { StreamError } from './registry/errors.js';
import type { RevisionLog } from './registry/revision-log.js';
import type { Revocations } from './registry/revocations.js';
import { Delivery } from './signals/deliver.js';
import type { SignalMapping } from './signals/effects.js';
import type { OutgoingEvent } from './signals/outgoing.js';
import { SetVerifier } from './signals/set.js';
import { type SignalSinks, SignalStream } from './signals/stream.js';
import type { StreamStore } from './signals/stream-store.js';
import { TransmitterClient, transmitterMetadata } from './signals/transmitter-client.js';

interface SignalsParts {
  readonly store: StreamStore;
  readonly sinks: SignalSinks;
  readonly log: RevisionLog;
  readonly revocations: Revocations;
  readonly keys: SigningKeys;
  readonly publicUrl: () => string;
  readonly clock: () => Date;
  readonly logger: Logger;
  /** Whether another service fetches and tells; this one takes in what is sent to it. */
  readonly isFollower: boolean;
}

const REFRESH_MS = 1_000;

/** The signals of the bundle that is served: whom it listens to, and who is told. */
export class Signals implements ServedSignals {
  private streams: ReadonlyMap<string, ReceivedStream> = new Map();
  private told: ReadonlyMap<string, ToldReceiver> = new Map();
  private clients: readonly TransmitterClient[] = [];
  private declared = '';
  private refreshing: NodeJS.Timeout | undefined;

  constructor(private readonly parts: SignalsParts) {
    parts.revocations.onRevocation(() => this.lookForNews());
  }

  stream(name: string): ReceivedStream | undefined {
    return this.streams.get(name);
  }

  receiver(name: string): ToldReceiver | undefined {
    return this.told.get(name);
  }

  get hasReceivers(): boolean {
    return this.told.size > 0;
  }

  /** How long ago each stream that must not be silent was heard; milliseconds. */
  *ages(): Generator<readonly [source: string, age: number, limit: number]> {
    for (const [name, { stream, maxAge }] of this.streams)
      if (maxAge !== undefined) yield [`the stream ${name}`, stream.age, maxAge];
  }

  /**
   * Makes ready to listen and to tell as a bundle says.
   *
   * @returns what begins with it; what did not change goes on
   * @throws {EnvironmentError} when a variable is not in the environment; {@link IdentityMappingError}; {@link StreamError} when a transmitter
   *   says that it is another
   */
  async prepare({ settings: { signals } }: Bundle): Promise<() => Promise<void>> {
    const declared = JSON.stringify(signals);
    if (declared === this.declared) return async () => undefined;
    const { isFollower, keys } = this.parts;
    if (!isFollower && Object.keys(signals.transmit).length > 0) await keys.ensure('RS256');
    const streams = new Map<string, ReceivedStream>();
    const clients: TransmitterClient[] = [];
    for (const [name, one] of Object.entries(signals.receive)) {
      const received = await this.listenTo(name, one);
      streams.set(name, received);
      if (!isFollower) clients.push(this.clientOf(name, one, received));
    }
    const told = new Map<string, ToldReceiver>();
    // A service that follows another tells nobody: the other does.
    const receivers = isFollower ? {} : signals.transmit;
    for (const [name, { audience, push, caller }] of Object.entries(receivers)) {
      const authorization = push?.authorization && environmentText(push.authorization, `signals.transmit.${name}`);
      const receiver = { name, audience, push: push && { url: push.url, authorization } };
      told.set(name, { caller, delivery: new Delivery(receiver, this.deliveryParts()) });
    }
    return async () => {
      await this.close();
      [this.streams, this.told, this.clients, this.declared] = [streams, told, clients, declared];
      for (const client of clients) client.start();
      for (const { delivery } of told.values()) await delivery.start();
      if (streams.size > 0) this.refreshing = setInterval(() => void this.refresh(), REFRESH_MS).unref();
    };
  }

  /** What is told to another service on the database is heard here too. */
  private async refresh(): Promise<void> {
    try {
      for (const { stream } of this.streams.values()) await stream.refresh();
    } catch (error) {
      this.parts.logger.warn({ err: error }, 'the state of streams could not be read');
    }
  }

  private async listenTo(name: string, one: StreamYaml): Promise<ReceivedStream> {
    const { clock, store, sinks } = this.parts;
    const text = (value: string | undefined): string | undefined =>
      value && environmentText(value, `signals.receive.${name}`);
    const { issuer, audience, algorithms, jwks } = one;
    const authorization = text(one.authorization);
    const verifier = new SetVerifier(async () => {
      if (jwks !== undefined) return { issuer, audience, algorithms, jwks, critical: [] };
      // Its configuration says where its keys are, and which parts of a subject are critical.
      const metadata = await transmitterMetadata(issuer, authorization);
      const { jwks_uri: said, critical_subject_members: critical = [] } = metadata;
      if (said === undefined) throw new StreamError(`${issuer} does not say where its keys are`);
      return { issuer, audience, algorithms, jwks: said, critical };
    }, clock);
    await verifier.ready().catch((error: unknown) => {
      // One that is down now is asked again with its first event.
      if (!(error instanceof StreamError) || error.code === 'stream_is_another') throw error;
      this.parts.logger.warn({ stream: name, err: error }, 'a transmitter does not answer');
    });
    const stream = await SignalStream.open({ name, verifier, mapping: mappingOf(one), store, sinks, clock });
    return {
      stream,
      pushAuthorization: one.delivery === 'push' ? text(one.pushAuthorization) : undefined,
      maxAge: one.maxAge === undefined ? undefined : millisecondsOf(one.maxAge),
    };
  }

  private clientOf(name: string, one: StreamYaml, { stream, pushAuthorization }: ReceivedStream): TransmitterClient {
    const { logger, publicUrl } = this.parts;
    return new TransmitterClient(
      {
        issuer: one.issuer,
        authorization: one.authorization && environmentText(one.authorization, `signals.receive.${name}`),
        pollEndpoint: one.endpoint,
        delivery: one.delivery,
        push: { url: `${publicUrl()}/ssf/events/${name}`, authorization: pushAuthorization },
        manages: one.manage,
        every: millisecondsOf(one.every),
        verifyEvery: millisecondsOf(one.verifyEvery),
      },
      stream,
      (error) => logger.warn({ stream: name, err: error }, 'signals could not be fetched'),
    );
  }

  private deliveryParts() {
    const { store, log, revocations, publicUrl, logger } = this.parts;
    return {
      store,
      log,
      revocations,
      issuer: publicUrl,
      sign: (event: Omit<OutgoingEvent, 'revision'>, audience: string) => this.sign(event, audience),
      failed: (receiver: string, error: Error) => logger.warn({ receiver, err: error }, 'signals could not be sent'),
    };
  }

  /** A security event token (RFC 8417), as the CAEP interoperability profile wants it. */
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

  private lookForNews(): void {
    for (const { delivery } of this.told.values()) delivery.look();
  }

  async close(): Promise<void> {
    clearInterval(this.refreshing);
    for (const client of this.clients) await client.close();
    for (const { delivery } of this.told.values()) await delivery.close();
  }
}

/** @throws {IdentityMappingError} when what it says of an identity is not CEL */
function mappingOf({ identities, attributes }: StreamYaml): SignalMapping {
  for (const declared of Object.values(identities)) if (declared !== undefined) compileIdentity(declared);
  return {
    attributes,
    identityOf(member, subject) {
      const declared = identities[member];
      if (declared === undefined) return undefined;
      try {
        return compileIdentity(declared)(subject);
      } catch (error) {
        // It is about somebody of whom nothing is known here.
        if (error instanceof CredentialError) return undefined;
        throw error;
      }
    },
  };
}
