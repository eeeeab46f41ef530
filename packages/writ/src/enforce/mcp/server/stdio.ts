import { type JSONRPCMessage, ProtocolError, type Transport } from '@modelcontextprotocol/server';
import { defined } from '@writ/sdk/lib/defined';
import type { PlainConnection } from './plain-connection.js';
import type { StdioLines } from './stdio-lines.js';

/** The transport of a client over stdio: admits each message, and answers plain calls beside the SDK. */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];

  constructor(
    private readonly lines: StdioLines,
    /** Admits a message: fails with a ProtocolError if it is refused, undefined if nothing has to be waited for. */
    private readonly admit: (message: Readonly<Record<string, unknown>>) => Promise<void> | undefined,
    /** Answers calls that need no server of the SDK. */
    private readonly plain: PlainConnection,
  ) {}

  async start(): Promise<void> {
    this.lines.receive({
      message: (message) => this.take(message),
      end: () => void this.close(),
      error: (error) => this.onerror?.(error),
    });
  }

  send(message: JSONRPCMessage): Promise<void> {
    return this.lines.send(message);
  }

  async close(): Promise<void> {
    this.lines.pause();
    this.plain.close();
    this.onclose?.();
  }

  private take(message: Record<string, unknown>): void {
    const pass = (): void => this.onmessage?.(message as unknown as JSONRPCMessage);
    const go = (): void => this.plain.take(message, (text) => void this.lines.write(text), pass);
    const refuse = (error: unknown): void => {
      this.lines.write(JSON.stringify({ jsonrpc: '2.0', id: message.id, error: errorIn(error) }));
    };
    try {
      const admitted = this.admit(message);
      // Messages stay in their order where nothing has to be waited for.
      if (admitted === undefined) go();
      else admitted.then(go, refuse);
    } catch (error) {
      refuse(error);
    }
  }
}

function errorIn(error: unknown): Record<string, unknown> {
  if (!ProtocolError.isInstance(error)) return { code: -32_603, message: 'the guard failed; nothing was done' };
  const { code, message, data } = error;
  return { code, message, ...defined({ data }) };
}
