import {
  type Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** A service over HTTP that tests stand a proxy before: it notes what reaches it. */

interface Got {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Shop {
  readonly url: string;
  readonly got: Got[];
  /** Answers by the path; by default `{"id":17}`. */
  readonly answers: Map<string, (response: ServerResponse, request: IncomingMessage) => void>;
  /** Calls back with each connection that is to change its protocol. */
  onUpgrade(listener: (socket: Duplex) => void): void;
  close(): void;
}

export async function shopOf(): Promise<Shop> {
  const got: Got[] = [];
  const answers: Shop['answers'] = new Map();
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const { method, url, headers } = request;
    got.push({ method, url, headers, body: Buffer.concat(pieces).toString() });
    const answer = answers.get(url ?? '');
    if (answer !== undefined) answer(response, request);
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":17}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    answers,
    onUpgrade(listener) {
      server.removeAllListeners('upgrade');
      server.on('upgrade', (_request, socket) => {
        socket.on('error', () => socket.destroy());
        listener(socket);
      });
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Whether the connection ended before the answer did. */
  readonly isCut: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

interface Asked {
  readonly method?: string;
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
  /** Called with each piece of the answer. */
  readonly onPiece?: (text: string) => void;
}

/** Sends a request to a proxy, for the host of the shop. */
export function ask(proxy: string | undefined, path: string, asked: Asked = {}): Promise<Answer> {
  const { method = 'GET', body, headers = {}, agent, onPiece } = asked;
  const { port } = new URL(proxy ?? '');
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  const about = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text ?? '')) };
  return new Promise((resolve, reject) => {
    const own = { host: 'shop.example', ...(text === undefined ? {} : about), ...headers };
    const sent = send({ host: '127.0.0.1', port, method, path, agent, headers: own }, async (answer) => {
      let said = '';
      let isCut = false;
      try {
        for await (const piece of answer as AsyncIterable<Buffer>) {
          said += piece.toString();
          onPiece?.(piece.toString());
        }
      } catch {
        isCut = true;
      }
      let json: unknown;
      try {
        json = JSON.parse(said);
      } catch {
        json = undefined;
      }
      resolve({ status: answer.statusCode, headers: answer.headers, body: said, json, isCut });
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

/** The files of a bundle in front of a shop. */
export function shopFiles(upstream: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    'writ.yaml': `name: shop
tokens: { trustDomain: shop.example }
gateway:
  clients:
    bot: { agent: 'Agent::"bot"', for: 'User::"ana"', scopes: [orders] }
    thief: { agent: 'Agent::"thief"', for: 'User::"eve"', scopes: [orders] }
http:
  services:
    shop:
      upstream: ${upstream}
      hosts: [shop.example]
      routes:
        - GET /orders/{id}
        - { route: 'POST /orders/{id}/notes', operation: addNote }
        - { route: 'POST /orders/{id}/files', operation: addFile, body: opaque }
        - { route: 'GET /live', operation: live, upgrade: websocket }
`,
    'schema.cedarschema': `entity User; entity Agent; entity Route;
type In = { path_params?: { id?: String }, body?: { text?: String }, opaque?: { media_type?: String, size?: Long } };
action "GET /orders/{id}", addNote, addFile, live appliesTo { principal: [User, Agent], resource: [Route], context: { input?: In } };`,
    'policies/all.cedar': `@id("work") permit(principal == Agent::"bot", action, resource);
@id("users") permit(principal == User::"ana", action, resource);`,
    ...more,
  };
}
