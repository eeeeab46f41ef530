import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { parseMessage } from './message.js';

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

  constructor(
    private readonly input: Readable,
    private readonly output: Writable,
  ) {}

  async start(): Promise<void> {
    this.input.on('data', (chunk: Buffer) => this.take(this.decoder.write(chunk)));
    this.input.on('end', () => void this.close());
    this.input.on('error', (error) => this.onerror?.(error));
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (!this.output.write(`${JSON.stringify(message)}\n`))
      await new Promise((resolve) => this.output.once('drain', resolve));
  }

  async close(): Promise<void> {
    this.input.pause();
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
    else this.onmessage?.(message.value as unknown as JSONRPCMessage);
  }

  private refuse(code: number, message: string): void {
    this.output.write(`${JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } })}\n`);
  }
}
