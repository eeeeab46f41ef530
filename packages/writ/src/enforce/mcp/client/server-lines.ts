import type { JSONRPCMessage } from '@modelcontextprotocol/client';
import { readJson } from '@writ/sdk/lib/exact-json';
import { isObject } from '@writ/sdk/lib/is-object';
import type { AnswerBounds } from './answer-bounds.js';

const LINE_END = 0x0a;

/**
 * Reads the messages of a server over stdio, a line each, with numbers as they are written. Stands in for the reader
 * of the SDK. A line that is no message is passed over: servers print what they do.
 */
export class ServerLines {
  private readonly lines: Buffer[] = [];
  private begun: Buffer[] = [];
  private bytes = 0;

  constructor(private readonly bounds: AnswerBounds) {}

  /** @throws {UpstreamError} if a line is too long */
  append(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(LINE_END); end !== -1; end = chunk.indexOf(LINE_END, from)) {
      this.hold(chunk.subarray(from, end));
      this.lines.push(Buffer.concat(this.begun));
      this.begun = [];
      this.bytes = 0;
      from = end + 1;
    }
    this.hold(chunk.subarray(from));
  }

  /** Returns the next message; null if none is there. */
  readMessage(): JSONRPCMessage | null {
    for (let line = this.lines.shift(); line !== undefined; line = this.lines.shift()) {
      const message = messageIn(line.toString('utf8'));
      if (message !== undefined) return message;
    }
    return null;
  }

  clear(): void {
    this.lines.length = 0;
    this.begun = [];
    this.bytes = 0;
  }

  private hold(piece: Buffer): void {
    this.bytes += piece.length;
    this.bounds.check(this.bytes);
    if (piece.length > 0) this.begun.push(piece);
  }
}

function messageIn(line: string): JSONRPCMessage | undefined {
  try {
    const message = readJson(line.charCodeAt(0) === 0xfeff ? line.slice(1) : line);
    return isObject(message) && message.jsonrpc === '2.0' ? (message as unknown as JSONRPCMessage) : undefined;
  } catch {
    return undefined;
  }
}
