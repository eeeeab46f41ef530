import { createHmac } from 'node:crypto';
import { createTransport, type Transporter } from 'nodemailer';
import { DeliveryError } from './errors.js';

/** By which somebody is told. */
export interface Channel {
  /** @throws {DeliveryError} when it did not arrive; it is tried again */
  send(address: string, body: string): Promise<void>;
  close(): void;
}

const TIMEOUT_MS = 10_000;

/**
 * Sends JSON by POST. `Writ-Signature: t=<seconds>,v1=<hex>` has the HMAC-SHA256 over `<seconds>.<body>`; whoever receives it checks
 * both, and that it is not old.
 */
export class Webhook implements Channel {
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
        // Where it is sent, somebody has allowed; where that sends it, nobody has.
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

/** What a mail says, as it is kept until it is sent. */
export interface Mail {
  readonly subject: string;
  readonly text: string;
}

export class MailChannel implements Channel {
  private readonly transport: Transporter;

  constructor(
    server: string,
    private readonly from: string,
  ) {
    this.transport = createTransport(server, {
      // What a mail says is ours; nothing of it names a file or a URL to be read.
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
