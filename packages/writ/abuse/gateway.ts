/** A client of the gateway without the SDK, so that it can send anything, and see each byte of the answer. */

// biome-ignore lint/suspicious/noExplicitAny: messages of every shape
export type Message = any;

export interface Said {
  readonly status: number;
  /** The answer as it was sent. */
  readonly text: string;
  /** The message that has an answer in it; undefined if there is no such message. */
  readonly answer: Message;
  /** All messages, those before the answer included. */
  readonly messages: readonly Message[];
}

export const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'abuse', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

export class GatewayClient {
  constructor(
    readonly url: string,
    readonly key: string,
  ) {}

  /** Calls a tool. `meta` is more of its `_meta`. */
  call(name: string, input: object = {}, meta: object = {}, timeoutMs?: number): Promise<Said> {
    return this.request('tools/call', { name, arguments: input }, meta, timeoutMs);
  }

  request(method: string, params: object, meta: object = {}, timeoutMs?: number): Promise<Said> {
    const body = { jsonrpc: '2.0', id: 'c-1', method, params: { ...params, _meta: { ...META, ...meta } } };
    const { name, uri } = params as { name?: string; uri?: string };
    return this.post(JSON.stringify(body), method, name ?? uri, timeoutMs);
  }

  /** Posts a text unchanged. */
  async post(text: string, method: string, name?: string, timeoutMs = 15_000): Promise<Said> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${this.key}`,
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        'MCP-Protocol-Version': '2026-07-28',
        'Mcp-Method': method,
        ...(name === undefined ? {} : { 'Mcp-Name': name }),
      },
      body: text,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answered = await response.text();
    const streams = response.headers.get('content-type')?.includes('text/event-stream') === true;
    const lines = streams ? [...answered.matchAll(/^data: ?(.+)$/gm)].map((match) => String(match[1])) : [answered];
    const messages = lines.flatMap(asMessage);
    const answer = messages.find((message) => 'result' in message || 'error' in message);
    return { status: response.status, text: answered, messages, answer };
  }
}

export function asMessage(line: string): Message[] {
  try {
    const value = JSON.parse(line);
    return typeof value === 'object' && value !== null ? [value] : [];
  } catch {
    return [];
  }
}

/** Whether the server did what was called: a result that is no error. */
export function went({ answer }: Pick<Said, 'answer'>): boolean {
  return answer?.result !== undefined && answer.result.isError !== true;
}

/** Says how a call was answered, for the table. */
export function short(said: Pick<Said, 'answer'>): string {
  return JSON.stringify(said.answer ?? null).slice(0, 200);
}
