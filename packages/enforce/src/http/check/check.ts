import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Service } from '../definition/service.js';
import { decidedIn } from '../enforced/decided-in.js';
import type { Decide, ProxyPermit } from '../enforced/permit.js';
import type { Refusal } from '../request/refusal.js';
import { type NotForwarded, sendPermit, sendRefusal } from './answers.js';
import { checkedRequest } from './checked-request.js';
import type { Front } from './front.js';
import { PROOF } from './reported-request.js';

/** The one path that fronts ask at. A query is that of the request, which some fronts add, and is not read. */
const CHECK_PATH = '/v1/check';

/** Settings of the check endpoint. */
interface CheckOptions {
  readonly services: () => readonly Service[];
  /** Returns the front that a proof is of; undefined if it proves none. */
  readonly frontOf: (proof: string, socket: Socket) => Front | undefined;
  readonly decide: Decide;
  /** Called for a check that no front proves. */
  readonly onStranger?: ((address: string | undefined) => void) | undefined;
  readonly limits?: { readonly decideMs?: number; readonly requestMs?: number } | undefined;
  readonly makeServer?: ((limits: ServerOptions & { readonly headersTimeout: number }) => Server) | undefined;
  /** Receives what went wrong here, which no front sees. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

const DEFAULTS = { decideMs: 5_000, requestMs: 60_000 };
/** Those of the request, and those of the front. */
const MAX_HEADER_BYTES = 49_152;
const MAX_HEADERS_MS = 10_000;
/** The largest body that a service takes is smaller. */
const MAX_BODY = 67_108_864;

/** Makes the server that proxies of others ask before they forward a request. It answers nothing else, and opens for nobody else. */
export function createCheck({
  services,
  frontOf,
  decide,
  onStranger = () => {},
  limits,
  makeServer = (options) => createServer({ ...options, insecureHTTPParser: false }),
  onError = () => {},
}: CheckOptions): Server {
  const { decideMs, requestMs } = { ...DEFAULTS, ...limits };

  const judged = async (
    message: IncomingMessage,
    response: ServerResponse,
    front: Front,
  ): Promise<ProxyPermit | NotForwarded> => {
    const own = services().filter(({ name }) => front.services.has(name));
    const body = front.carriesBody ? await bodyOf(message, largestOf(own)) : undefined;
    if (body === 'large') return { kind: 'refusal', refusal: TOO_LARGE };
    const checked = checkedRequest({ rawHeaders: message.rawHeaders, body }, front, own);
    if (!checked.ok) return { kind: 'refusal', refusal: checked };
    const { request, reported } = checked;
    // The front forwards a request as it is, and its answer never comes by here.
    if (request.kind !== 'operation') return { permitted: true, done: () => {} };
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    response.once('close', leave);
    const came = {
      headers: headersOf(reported.rawHeaders),
      method: request.method,
      scheme: reported.scheme,
      // The certificate and the address of the front are not those of its client.
      connection: connectionOf(message.socket),
      address: message.socket.remoteAddress,
      gone: gone.signal,
      changes: 'nothing',
    } as const;
    try {
      // A function that throws at once is caught as one that fails later.
      const made = await decidedIn(
        decideMs,
        Promise.resolve().then(() => decide(request, came)),
      );
      return made.permitted ? made : { kind: 'denial', denial: made };
    } catch (error) {
      onError(error);
      return { kind: 'undecided' };
    } finally {
      response.off('close', leave);
    }
  };

  const connections = new WeakMap<Socket, object>();
  /** Stands for the connections of clients that come over one of a front. It proves nothing. */
  const connectionOf = (socket: Socket): object => {
    const known = connections.get(socket) ?? {};
    connections.set(socket, known);
    return known;
  };

  const serve = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path] = (message.url ?? '').split('?', 1);
    if (path !== CHECK_PATH) return sendRefusal(response, { kind: 'refusal', refusal: NOT_HERE }, false);
    const front = frontOf(proofOf(message) ?? '', message.socket);
    if (front === undefined) {
      onStranger(message.socket.remoteAddress);
      return sendRefusal(response, { kind: 'front' }, false);
    }
    const { knowsTwoRefusals } = front.profile;
    if (message.method !== 'GET' && message.method !== 'POST')
      return sendRefusal(response, { kind: 'refusal', refusal: NO_METHOD }, knowsTwoRefusals);
    const made = await judged(message, response, front);
    if (!('permitted' in made)) return sendRefusal(response, made, knowsTwoRefusals);
    // A front that is gone forwards nothing.
    const isThere = !response.destroyed && response.socket?.destroyed === false;
    try {
      if (isThere) sendPermit(response, made);
    } finally {
      // No outcome comes: what is permitted counts as done, with all that it can bring.
      made.done({ result: isThere ? 'completed' : 'not-executed', status: undefined });
    }
  };

  const server = makeServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: requestMs,
    headersTimeout: Math.min(requestMs, MAX_HEADERS_MS),
    // Fronts keep their connections.
    keepAliveTimeout: requestMs,
  });
  server.on('request', (message: IncomingMessage, response: ServerResponse) => {
    serve(message, response).catch((error: unknown) => {
      onError(error);
      if (response.headersSent) response.destroy();
      else sendRefusal(response, { kind: 'undecided' }, true);
    });
  });
  return server;
}

/** A proof that is there twice proves nothing. */
function proofOf({ rawHeaders }: IncomingMessage): string | undefined {
  const proofs = rawHeaders.filter((_text, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === PROOF);
  return proofs.length === 1 ? proofs[0] : undefined;
}

/** Joins what is there twice by a comma, as Node does: neither of the two counts alone. */
function headersOf(raw: readonly string[]): IncomingHttpHeaders {
  const headers: Record<string, string> = Object.create(null);
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name, value] = [raw[i] as string, raw[i + 1] as string];
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}

const NOT_HERE: Refusal = { ok: false, status: 404, code: 'path_unknown', reason: `fronts ask at ${CHECK_PATH}` };
const NO_METHOD: Refusal = {
  ok: false,
  status: 405,
  code: 'method_unknown',
  reason: 'fronts ask with GET or POST',
  allow: ['GET', 'POST'],
};
const TOO_LARGE: Refusal = {
  ok: false,
  status: 413,
  code: 'body_too_large',
  reason: 'the body is larger than it may be',
};

function largestOf(services: readonly Service[]): number {
  return Math.min(
    MAX_BODY,
    Math.max(0, ...services.flatMap(({ operations }) => operations.map(({ body }) => body.maxBytes))),
  );
}

/** Reads the body that a front sends along. */
async function bodyOf(message: IncomingMessage, most: number): Promise<Uint8Array | 'large'> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > most) return 'large';
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
