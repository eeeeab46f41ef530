import { ProtocolError, type Server, type ServerContext, type Transport } from '@modelcontextprotocol/server';
import { copyWith, writeMarks } from '@writ/sdk/lib/exact-json';
import { type CallResult, isInputRequired } from '../protocol/result.js';

type Json = Record<string, unknown>;
type Sent = Parameters<Transport['send']>[0];

/** The key in the `_meta` of a stand-in. It never leaves the process. */
const HELD = 'dev.writ/held';

/**
 * Sends the results and errors of tools as their servers gave them. The SDK accepts only results that its schemas
 * know, and gives some errors another code: it gets a stand-in, in whose place the answer is sent.
 */
export class ExactAnswers {
  private readonly results = new Map<number, CallResult>();
  private readonly errors = new Map<string | number, ProtocolError>();
  private held = 0;

  /** @param server is not connected yet */
  constructor(server: Server) {
    const connect = server.connect.bind(server);
    server.connect = (transport) => {
      const send = transport.send.bind(transport);
      // Numbers are marks until the text is written: `exactly` and the transports of our own read them.
      transport.send = (message, options) => send(writeMarks(this.exact(message as Json)) as unknown as Sent, options);
      return connect(transport);
    };
  }

  /** Returns the answer of a handler for the SDK. Questions to the user are for the SDK to ask. */
  async of(answer: () => Promise<CallResult>, { mcpReq }: ServerContext): Promise<CallResult> {
    try {
      const result = await answer();
      if (isInputRequired(result) || mcpReq.signal.aborted) return result;
      this.held += 1;
      this.results.set(this.held, result);
      return { content: [], _meta: { [HELD]: this.held } };
    } catch (error) {
      if (ProtocolError.isInstance(error) && !mcpReq.signal.aborted) this.errors.set(mcpReq.id, error);
      throw error;
    }
  }

  private exact(message: Json): Json {
    if (message.method !== undefined) return message;
    if (message.error !== undefined) return this.exactError(message);
    const { content: _none, _meta, ...added } = (message.result ?? {}) as Json;
    const { [HELD]: held, ...addedMeta } = (_meta ?? {}) as Json;
    const result = this.results.get(held as number);
    if (result === undefined) return message;
    this.results.delete(held as number);
    const meta = copyWith((result._meta ?? {}) as Json, addedTo(result._meta, addedMeta));
    const whole = copyWith(result, addedTo(result, added));
    return { ...message, result: Object.keys(meta).length === 0 ? whole : copyWith(whole, { _meta: meta }) };
  }

  private exactError(message: Json): Json {
    const id = message.id as string | number;
    const error = this.errors.get(id);
    if (error === undefined) return message;
    this.errors.delete(id);
    const { code, message: text, data } = error;
    return { ...message, error: { code, message: text, ...(data === undefined ? {} : { data }) } };
  }
}

/** Returns the members that an object does not have yet. */
function addedTo(of: unknown, added: Json): Json {
  return Object.fromEntries(Object.entries(added).filter(([name]) => !Object.hasOwn((of ?? {}) as object, name)));
}
