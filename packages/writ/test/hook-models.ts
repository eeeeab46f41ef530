import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Models on loopback that say what a script says: the calls of tools one after the other, then a text. */

interface Scripted {
  readonly url: string;
  /** The bodies of the requests, as the client sent them. */
  readonly asked: readonly string[];
  /** Resolves when the script has ended. */
  readonly over: Promise<void>;
  close(): void;
}

/** A call of a tool. */
export interface ScriptedCall {
  readonly name: string;
  readonly input: object;
}

async function scripted(
  answer: (body: string, response: ServerResponse, url: string, end: () => void) => void,
): Promise<Scripted> {
  const asked: string[] = [];
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const server: Server = createServer((request: IncomingMessage, response) => {
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => {
      asked.push(body);
      answer(body, response, request.url ?? '', end);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    over,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const sse = (response: ServerResponse, events: readonly object[], isNamed: boolean): void => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (const event of events)
    response.write(
      `${isNamed ? `event: ${(event as { type: string }).type}\n` : ''}data: ${JSON.stringify(event)}\n\n`,
    );
  response.end();
};

/** A model of the Responses API, as Codex speaks it. */
export function responsesModel(calls: readonly ScriptedCall[]): Promise<Scripted> {
  let turn = 0;
  return scripted((_body, response, url, end) => {
    if (!url.includes('/responses')) {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"models":[],"data":[]}');
      return;
    }
    const id = `resp_${turn}`;
    const call = calls[turn++];
    if (call === undefined) end();
    const item =
      call === undefined
        ? { type: 'message', role: 'assistant', id: `m${turn}`, content: [{ type: 'output_text', text: 'done' }] }
        : call.name === 'apply_patch'
          ? {
              type: 'custom_tool_call',
              id: `c${turn}`,
              call_id: `call_${turn}`,
              name: call.name,
              input: (call.input as { patch: string }).patch,
            }
          : {
              type: 'function_call',
              id: `f${turn}`,
              call_id: `call_${turn}`,
              name: call.name,
              arguments: JSON.stringify(call.input),
            };
    const usage = {
      input_tokens: 1,
      input_tokens_details: null,
      output_tokens: 1,
      output_tokens_details: null,
      total_tokens: 2,
    };
    sse(
      response,
      [
        { type: 'response.created', response: { id } },
        { type: 'response.output_item.done', item },
        { type: 'response.completed', response: { id, usage } },
      ],
      true,
    );
  });
}

/** A model of the Gemini API. Only turns with tools are scripted; other requests get a short text. */
export function geminiModel(calls: readonly ScriptedCall[]): Promise<Scripted> {
  let turn = 0;
  return scripted((body, response, url, end) => {
    const isTurn = url.includes('streamGenerateContent') && body.includes('functionDeclarations');
    const call = isTurn ? calls[turn++] : undefined;
    if (isTurn && call === undefined) end();
    const part = call === undefined ? { text: 'done' } : { functionCall: { name: call.name, args: call.input } };
    const answer = {
      candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    };
    if (url.includes('stream')) sse(response, [answer], false);
    else response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
  });
}
