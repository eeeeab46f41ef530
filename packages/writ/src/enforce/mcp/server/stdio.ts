import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { type JSONRPCMessage, ProtocolError, type Transport } from '@modelcontextprotocol/server';
import { parseMessage } from '../protocol/message.js';
import type { PlainConnection } from './plain-connection.js';

const MAX_LINE = 1024 * 1024;
const TOO_LONG = { code: -32_600, error: `a message is longer than ${MAX_LINE} characters` } as const;

/**
 * The stdio transport (MCP 2026-07-28, "stdio"), reading strictly: a line that is not one unambiguous JSON-RPC object is
 * answered with an error and goes nowhere.
 */
export class StrictStdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];
  private readonly decoder = new StringDecoder('utf8');
  private buffer = '';
  /** True while the rest of a line that was too long is thrown away. */
  private skipping = false;
  /** What came before anybody took it. */
  private early: Record<string, unknown>[] | undefined = [];
  private opened: Promise<Record<string, unknown> | undefined> | undefined;

  constructor(
    private readonly input: Readable,
    private readonly output: Writable,
    /** Whether a message may go on: it fails with a ProtocolError when it may not. */
    private readonly admit: (message: Readonly<Record<string, unknown>>) => Promise<void> | undefined,
    /** Answers what needs no server of the SDK. */
    private readonly plain: PlainConnection,
  ) {}

  /** The first message, which tells what the client can do; it is taken with the others later. Undefined when there is none. */
  first(): Promise<Record<string, unknown> | undefined> {
    this.opened ??= new Promise((resolve) => {
      this.input.on('data', (chunk: Buffer) => {
        this.take(this.decoder.write(chunk));
        if (this.early?.[0] !== undefined) resolve(this.early[0]);
      });
      this.input.on('end', () => {
        resolve(undefined);
        void this.close();
      });
      this.input.on('error', (error) => this.onerror?.(error));
    });
    return this.opened;
  }

  async start(): Promise<void> {
    void this.first();
    const { early = [] } = this;
    this.early = undefined;
    for (const message of early) this.pass(message);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (!this.output.write(`${JSON.stringify(message)}\n`))
      await new Promise((resolve) => this.output.once('drain', resolve));
  }

  async close(): Promise<void> {
    this.input.pause();
    this.plain.close();
    this.onclose?.();
  }

  private take(text: string): void {
    const lines = (this.buffer + text).split('\n');
    this.buffer = lines.pop() ?? '';
    for (const line of lines) {
      if (this.skipping) this.skipping = false;
      else if (line.trim() !== '') this.line(line);
    }
    if (this.buffer.length > MAX_LINE) {
      if (!this.skipping) this.refuse(TOO_LONG.code, TOO_LONG.error);
      this.skipping = true;
      this.buffer = '';
    }
  }

  private line(line: string): void {
    const message = line.length > MAX_LINE ? TOO_LONG : parseMessage(line);
    if ('error' in message) this.refuse(message.code, message.error);
    else if (message.value.jsonrpc !== '2.0') this.refuse(-32_600, 'the message is not JSON-RPC 2.0');
    else if (this.early === undefined) this.pass(message.value);
    else this.early.push(message.value);
  }

  private pass(message: Record<string, unknown>): void {
    const pass = (): void => this.onmessage?.(message as unknown as JSONRPCMessage);
    const go = (): void => this.plain.take(message, (text) => void this.output.write(`${text}\n`), pass);
    const refuse = (error: unknown): void => {
      this.output.write(`${JSON.stringify({ jsonrpc: '2.0', id: message.id, error: errorIn(error) })}\n`);
    };
    try {
      const admitted = this.admit(message);
      // In their order, where nothing has to be waited for.
      if (admitted === undefined) go();
      else admitted.then(go, refuse);
    } catch (error) {
      refuse(error);
    }
  }

  private refuse(code: number, message: string): void {
    this.output.write(`${JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } })}\n`);
  }
}

function errorIn(error: unknown): Record<string, unknown> {
  if (!ProtocolError.isInstance(error)) return { code: -32_603, message: 'the guard failed; nothing was done' };
  const { code, message, data } = error;
  return { code, message, ...(data === undefined ? {} : { data }) };
}
