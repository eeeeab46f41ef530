import { createHmac } from 'node:crypto';
import { createTransport, type Transporter } from 'nodemailer';
import { environmentText } from '../lib/environment.js';
import { CREDENTIALS } from '../lib/known-credentials.js';
import { DeliveryError } from './errors.js';

/** A way to notify somebody. */
export interface Channel {
  /** @throws {DeliveryError} when it did not arrive; it is tried again */
  send(address: string, body: string): Promise<void>;
  close(): void;
}

/** Channels by name, as they are declared. Secrets and servers can have `${env:NAME}`. */
export type NotifySettings = Readonly<
  Record<
    string,
    | { readonly to: 'webhook'; readonly url: string; readonly secret: string }
    /** `address` is the attribute of people that has their address. */
    | { readonly to: 'mail'; readonly server: string; readonly from: string; readonly address: string }
  >
>;

interface ChannelSettings {
  readonly notify: NotifySettings;
  /** `secret` signs callbacks; without it none is sent. */
  readonly callbacks: { readonly secret?: string | undefined };
}

/** The channel by which a requester is called back. */
export const CALLBACK = 'callback';

const TIMEOUT_MS = 10_000;

/**
 * Sends JSON by POST. `Writ-Signature: t=<seconds>,v1=<hex>` has the HMAC-SHA256 over `<seconds>.<body>`; the receiver verifies
 * it, and that it is recent.
 */
class Webhook implements Channel {
  constructor(
    private readonly secret: string,
    private readonly clock: () => Date,
  ) {}

  async send(address: string, body: string): Promise<void> {
    const at = Math.floor(this.clock().getTime() / 1_000);
    const mac = createHmac('sha256', this.secret).update(`${at}.${body}`).digest('hex');
    let response: Response;
    try {
      response = await fetch(address, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Writ-Signature': `t=${at},v1=${mac}` },
        body,
        // The bundle allows this address, not those that it redirects to.
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (cause) {
      throw new DeliveryError(`${address} does not answer`, undefined, { cause });
    }
    await response.body?.cancel();
    if (!response.ok) throw new DeliveryError(`${address} answered ${response.status}`);
  }

  close(): void {}
}

/** A mail as it is stored until it is sent. */
export interface Mail {
  readonly subject: string;
  readonly text: string;
}

class MailChannel implements Channel {
  private readonly transport: Transporter;

  constructor(
    server: string,
    private readonly from: string,
  ) {
    this.transport = createTransport(server, {
      // A mail has our text only; nothing in it names a file or a URL to be read.
      disableFileAccess: true,
      disableUrlAccess: true,
    } as Parameters<typeof createTransport>[1]);
  }

  async send(address: string, body: string): Promise<void> {
    const { subject, text } = JSON.parse(body) as Mail;
    try {
      await this.transport.sendMail({ from: this.from, to: { name: '', address }, subject, text });
    } catch (cause) {
      throw new DeliveryError(`the mail was not taken: ${(cause as Error).message}`, undefined, { cause });
    }
  }

  close(): void {
    this.transport.close();
  }
}

/** The channels of the served bundle, each made when it is first used and replaced when the bundle is. */
export class Channels {
  private current: ChannelSettings | undefined;
  private readonly made = new Map<string, Channel>();

  /** @param settings returns those of the served bundle; another object when it was replaced */
  constructor(
    private readonly settings: () => ChannelSettings,
    private readonly clock: () => Date,
  ) {}

  /** @returns undefined if the bundle has no such channel @throws {EnvironmentError} when a variable is not in the environment */
  find(name: string): Channel | undefined {
    const settings = this.settings();
    if (settings !== this.current) this.close();
    this.current = settings;
    const channel = this.made.get(name) ?? this.make(name, settings);
    if (channel !== undefined) this.made.set(name, channel);
    return channel;
  }

  close(): void {
    for (const channel of this.made.values()) channel.close();
    this.made.clear();
  }

  private make(name: string, { notify, callbacks }: ChannelSettings): Channel | undefined {
    if (name === CALLBACK) {
      if (callbacks.secret === undefined) return undefined;
      return new Webhook(credential(environmentText(callbacks.secret, 'callbacks.secret')), this.clock);
    }
    const declared = notify[name];
    if (declared === undefined) return undefined;
    const text = (value: string): string => credential(environmentText(value, `notify.${name}`));
    if (declared.to === 'webhook') return new Webhook(text(declared.secret), this.clock);
    return new MailChannel(text(declared.server), declared.from);
  }
}

/** Returns a secret, or the address of a server with its password, and has it struck out of texts from now on. */
function credential(text: string): string {
  if (text.includes('://')) CREDENTIALS.addNamed('', text);
  else CREDENTIALS.add(text);
  return text;
}
