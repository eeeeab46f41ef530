import { uidText } from '@writ/cedar';
import { defined } from '@writ/sdk/lib/defined';
import { SerialQueue } from '../lib/serial-queue.js';
import { EntityError } from '../registry/errors.js';
import { effectsOf, happenedAt, type SignalEffect, type SignalMapping } from './effects.js';
import { SetError } from './errors.js';
import type { SecurityEventToken, SetVerifier } from './set.js';
import type { StreamState, StreamStore } from './stream-store.js';

/** The parts that a stream changes. */
export interface SignalSinks {
  revoke(effect: Extract<SignalEffect, { effect: 'revoke' }>, by: string, reason: string): Promise<void>;
  reinstate(effect: Extract<SignalEffect, { effect: 'reinstate' }>, by: string, reason: string): Promise<void>;
  /** @param asOf milliseconds since the epoch */
  putFact(effect: Extract<SignalEffect, { effect: 'fact' }>, by: string, asOf: number): Promise<void>;
  /** Puts what came on the record. */
  record(by: string, what: string, detail: Readonly<Record<string, unknown>>): Promise<void>;
}

interface SignalStreamParts {
  readonly name: string;
  readonly verifier: SetVerifier;
  readonly mapping: SignalMapping;
  readonly store: StreamStore;
  readonly sinks: SignalSinks;
  readonly clock: () => Date;
}

const STORED_EVERY_MS = 500;

/** The events of one transmitter, on their way into the registry: each once, and an older one never over a newer. */
export class SignalStream {
  private readonly queue = new SerialQueue();
  private expected: string | undefined;
  private storedAt = 0;
  private state: StreamState;

  private constructor(
    private readonly parts: SignalStreamParts,
    state: StreamState,
  ) {
    this.state = state;
  }

  static async open(parts: SignalStreamParts): Promise<SignalStream> {
    const state = await parts.store.state(parts.name);
    return new SignalStream(
      parts,
      state ?? { streamId: undefined, status: 'enabled', heardAt: parts.clock().getTime() },
    );
  }

  get name(): string {
    return this.parts.name;
  }

  /** The id that the transmitter gave it. */
  get streamId(): string | undefined {
    return this.state.streamId;
  }

  /** The time since the stream was known to be the newest, in ms; `Infinity` while it is paused. */
  get age(): number {
    return this.state.status === 'enabled' ? this.parts.clock().getTime() - this.state.heardAt : Infinity;
  }

  /** Its transmitter said that there is nothing newer. */
  async heard(): Promise<void> {
    const now = this.parts.clock().getTime();
    this.state = { ...this.state, heardAt: now };
    if (now - this.storedAt < STORED_EVERY_MS) return;
    this.storedAt = now;
    await this.parts.store.setState(this.name, this.state);
  }

  /** Reads the events that other services on the database received. */
  async refresh(): Promise<void> {
    const known = await this.parts.store.state(this.name);
    if (known !== undefined) this.state = { ...known, heardAt: Math.max(known.heardAt, this.state.heardAt) };
  }

  async setState(changed: Partial<StreamState>): Promise<void> {
    this.state = { ...this.state, ...changed };
    await this.parts.store.setState(this.name, this.state);
  }

  /** The `state` that the next verification event has to have. */
  expect(state: string | undefined): void {
    this.expected = state;
  }

  /**
   * Applies a security event token. When the promise resolves, its effects are on disk and in the next decision. A token that was
   * received before changes nothing.
   *
   * @throws {SetError} when it is refused; any other error means that it has to be sent again
   */
  take(text: string): Promise<void> {
    return this.queue.run(() => this.takeNow(text));
  }

  private async takeNow(text: string): Promise<void> {
    const { verifier, store, clock } = this.parts;
    const set = await verifier.verify(text);
    if (!(await store.has(this.name, set.jti))) {
      await this.apply(set);
      await store.add(this.name, set.jti, clock().getTime());
    }
    await this.heard();
  }

  private async apply(set: SecurityEventToken): Promise<void> {
    const { sinks, mapping } = this.parts;
    const by = `signals:${this.name}`;
    const effects = effectsOf(set, mapping);
    const unapplied: string[] = [];
    for (const effect of effects) {
      try {
        await this.applyOne(effect, set, by);
      } catch (error) {
        // To send it again would not help: the registry cannot hold it.
        if (!(error instanceof EntityError)) throw error;
        unapplied.push(error.message);
      }
    }
    if (set.event?.name === 'verification') return;
    await sinks.record(by, 'signals.receive', {
      jti: set.jti,
      event: set.eventUri,
      subject: set.subId,
      at: new Date(happenedAt(set)).toISOString(),
      ...defined({ txn: set.txn }),
      effects: effects.map(effectText),
      ...(unapplied.length === 0 ? {} : { unapplied }),
    });
  }

  private async applyOne(effect: SignalEffect, set: SecurityEventToken, by: string): Promise<void> {
    const { sinks } = this.parts;
    const at = happenedAt(set);
    switch (effect.effect) {
      case 'verified':
        // One that nobody asked for has no state.
        if (effect.state !== undefined && effect.state !== this.expected)
          throw new SetError('invalid_request', 'the state is not the one that was asked for');
        return;
      case 'stream':
        await this.setState({ status: effect.status });
        return;
      case 'fact':
        await this.inOrder(`${uidText(effect.entity)}.${effect.attribute}`, at, () => sinks.putFact(effect, by, at));
        return;
      case 'reinstate':
        await this.inOrder(`account ${uidText(effect.identity)}`, at, () =>
          sinks.reinstate(effect, by, reasonOf(set, this.name)),
        );
        return;
      case 'revoke': {
        const revoke = (): Promise<void> => sinks.revoke(effect, by, reasonOf(set, this.name));
        // Proofs up to a time are revoked whenever the event arrives; whether an account is disabled is the newest event's say.
        if (effect.kind === 'identity' && effect.before === undefined)
          await this.inOrder(`account ${effect.target}`, at, revoke);
        else await revoke();
      }
    }
  }

  private async inOrder(topic: string, at: number, apply: () => Promise<void>): Promise<void> {
    const { store } = this.parts;
    if ((await store.newest(this.name, topic)) > at) return;
    await apply();
    await store.setNewest(this.name, topic, at);
  }
}

function reasonOf({ event }: SecurityEventToken, stream: string): string {
  const { reason_admin: reasons, reason } = (event?.claims ?? {}) as {
    reason_admin?: Record<string, string>;
    reason?: string;
  };
  const said = reasons?.en ?? Object.values(reasons ?? {})[0] ?? reason;
  return `${event?.name} from ${stream}${said === undefined ? '' : `: ${said}`}`.slice(0, 1_024);
}

function effectText(effect: SignalEffect): string {
  switch (effect.effect) {
    case 'revoke':
      return `revoke ${effect.kind} ${effect.target}`;
    case 'reinstate':
      return `reinstate ${uidText(effect.identity)}`;
    case 'fact':
      return `${uidText(effect.entity)}.${effect.attribute}`;
    case 'stream':
      return `stream ${effect.status}`;
    default:
      return effect.effect;
  }
}
