import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { withoutMarks } from '@writ/sdk/lib/number-marks';
import { withResolvers } from '@writ/sdk/lib/with-resolvers';
import { parseMessage } from '../protocol/message.js';
import { MessageId } from '../protocol/message-id.js';

type Message = Record<string, unknown>;

/** The receiver of the messages of a client. */
interface Receiver {
  message(message: Message): void;
  end(): void;
  error(error: Error): void;
}

/** In characters. */
const MAX_LINE = 1024 * 1024;
const TOO_LONG = { code: -32_600, error: `a message is longer than ${MAX_LINE} characters` } as const;

/**
 * The lines of the stdio transport (MCP 2026-07-28, "stdio"), read strictly: a line that is not one unambiguous
 * JSON-RPC object is answered with an error, under its id if it has one, and goes nowhere. Messages wait until there
 * is a receiver.
 */
export class StdioLines {
  private readonly decoder = new StringDecoder('utf8');
  private buffer = '';
  /** The id of a line that is too long, while the rest of the line is thrown away. */
  private skipped: MessageId | undefined;
  private readonly early: Message[] = [];
  private readonly firstCame = withResolvers<Message | undefined>();
  private receiver: Receiver | undefined;
  private hasEnded = false;

  constructor(
    private readonly input: Readable,
    private readonly output: Writable,
  ) {
    input.on('data', (chunk: Buffer) => this.take(this.decoder.write(chunk)));
    input.on('end', () => {
      this.hasEnded = true;
      this.firstCame.resolve(undefined);
      this.receiver?.end();
    });
    input.on('error', (error) => this.receiver?.error(error));
  }

  /** The first message, which says what the client can do; undefined if the client sends nothing. The receiver gets it too. */
  get first(): Promise<Readonly<Message> | undefined> {
    return this.firstCame.promise;
  }

  /** Hands messages on from now, first those that have come. */
  receive(receiver: Receiver): void {
    this.receiver = receiver;
    for (const message of this.early.splice(0)) receiver.message(message);
    if (this.hasEnded) receiver.end();
  }

  /** Sends a message, and waits while the client does not read. */
  async send(message: object): Promise<void> {
    if (!this.write(withoutMarks(JSON.stringify(message))))
      await new Promise((resolve) => this.output.once('drain', resolve));
  }

  /** Sends a message without waiting. @param text JSON @returns false if the client should be waited for */
  write(text: string): boolean {
    return this.output.write(`${text}\n`);
  }

  pause(): void {
    this.input.pause();
  }

  private take(text: string): void {
    const lines = (this.buffer + text).split('\n');
    this.buffer = lines.pop() ?? '';
    for (const line of lines) {
      if (this.skipped !== undefined) this.endSkipped(line);
      else if (line.trim() !== '') this.line(line);
    }
    if (this.skipped === undefined && this.buffer.length <= MAX_LINE) return;
    this.skipped ??= new MessageId();
    this.skipped.take(this.buffer);
    this.buffer = '';
  }

  /** Answers a line that was too long, whose id may have come at its end. */
  private endSkipped(rest: string): void {
    const id = this.skipped?.take(rest);
    this.skipped = undefined;
    this.refuse(TOO_LONG.code, TOO_LONG.error, id);
  }

  private line(line: string): void {
    const message = line.length > MAX_LINE ? TOO_LONG : parseMessage(line);
    if ('error' in message) this.refuse(message.code, message.error, new MessageId().take(line));
    else if (message.value.jsonrpc !== '2.0')
      this.refuse(-32_600, 'the message is not JSON-RPC 2.0', new MessageId().take(line));
    else if (this.receiver !== undefined) this.receiver.message(message.value);
    else {
      this.early.push(message.value);
      this.firstCame.resolve(message.value);
    }
  }

  private refuse(code: number, message: string, id?: MessageId): void {
    this.write(`{"jsonrpc":"2.0","id":${id?.text ?? 'null'},"error":${JSON.stringify({ code, message })}}`);
  }
}
