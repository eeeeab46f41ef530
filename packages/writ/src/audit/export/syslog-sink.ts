import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ExportError } from './errors.js';
import type { ExportedEntry, Form, Sink } from './sink.js';
import { syslogMessage } from './syslog-message.js';

const TIMEOUT_MS = 10_000;

/**
 * Syslog (RFC 5424) over TCP or TLS with octet counting (RFC 6587, section 3.4.1; RFC 5425), or over UDP, a datagram a message
 * (RFC 5426). Syslog acknowledges nothing: what the kernel of the receiver accepted counts as sent, and over UDP not even that is known.
 */
export class SyslogSink implements Sink {
  readonly batch = { entries: 1, ms: 0 };
  private socket: Socket | undefined;

  /** @param url as `tcp://host:601`, `tls://host:6514` or `udp://host:514` */
  constructor(
    private readonly url: URL,
    private readonly form: Form,
  ) {}

  async send(entries: readonly ExportedEntry[]): Promise<void> {
    const messages = entries.flatMap((entry) => {
      const text = this.form(entry);
      return text === undefined ? [] : [Buffer.from(syslogMessage(entry, text))];
    });
    if (messages.length === 0) return;
    if (this.url.protocol === 'udp:') await this.datagrams(messages);
    else await this.stream(Buffer.concat(messages.flatMap((message) => [Buffer.from(`${message.length} `), message])));
  }

  private async datagrams(messages: readonly Buffer[]): Promise<void> {
    const socket = createSocket(this.url.hostname.includes(':') ? 'udp6' : 'udp4');
    try {
      for (const message of messages)
        await new Promise<void>((resolve, reject) => {
          socket.send(message, Number(this.url.port || 514), host(this.url), (error) =>
            error === null ? resolve() : reject(error),
          );
        });
    } finally {
      socket.close();
    }
  }

  private async stream(bytes: Buffer): Promise<void> {
    const socket = this.socket ?? (await this.connected());
    this.socket = socket;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new ExportError(`${this.url} accepts nothing more`)), TIMEOUT_MS);
      socket.write(bytes, (error) => {
        clearTimeout(timer);
        if (error === undefined || error === null) resolve();
        else reject(error);
      });
    }).catch((error: unknown) => {
      this.drop(socket);
      throw error;
    });
  }

  private connected(): Promise<Socket> {
    const { url } = this;
    const isTls = url.protocol === 'tls:';
    const where = { host: host(url), port: Number(url.port || (isTls ? 6514 : 601)) };
    return new Promise((resolve, reject) => {
      const socket: Socket = isTls ? connectTls({ ...where, servername: where.host }) : connect(where);
      const timer = setTimeout(() => socket.destroy(new ExportError(`${url} does not answer`)), TIMEOUT_MS);
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        resolve(socket);
      });
      socket.on('error', (error) => {
        clearTimeout(timer);
        this.drop(socket);
        reject(error);
      });
      socket.on('close', () => this.drop(socket));
      // Nothing is expected from the receiver; what it sends must not fill memory.
      socket.resume();
    });
  }

  private drop(socket: Socket): void {
    if (this.socket === socket) this.socket = undefined;
    socket.destroy();
  }

  async close(): Promise<void> {
    this.socket?.end();
    this.socket = undefined;
  }
}

function host({ hostname: name }: URL): string {
  return name.replace(/^\[|\]$/g, '');
}
