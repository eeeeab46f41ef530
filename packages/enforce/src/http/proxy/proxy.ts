import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Service } from '../definition/service.js';
import { answerOn, NO_TUNNELS } from '../egress/answer.js';
import type { Connect } from '../egress/egress.js';
import { decidedIn } from '../enforced/decided-in.js';
import type { Came, Decide, ProxyDenial, ProxyOutcome, ProxyPermit } from '../enforced/permit.js';
import { NO_ANSWER, ofDenial, ofRefusal, UNDECIDED } from '../enforced/problems.js';
import { type CanonicalRequest, withBody } from '../request/body.js';
import { type CanonicalHead, canonicalHead } from '../request/canonical.js';
import type { Refusal } from '../request/refusal.js';
import { answer } from './answers.js';
import { forward } from './forward.js';
import { serveHttp2 } from './http2.js';
import { type Answering, answeringOf, type Incoming, incomingOf } from './incoming.js';
import { type ForwardLimits, Pools } from './pools.js';
import { refuseUpgrade, tunnel } from './tunnel.js';
import { Turns } from './turns.js';

/** Settings of a proxy. */
export interface ProxyOptions {
  /** Those that are served now, by the names that requests have for them. A connection stays open when they change. */
  readonly services: () => readonly Service[];
  readonly decide: Decide;
  readonly limits?: Partial<ForwardLimits & { readonly decideMs: number; readonly requestMs: number }> | undefined;
  /** Makes tunnels; by default none are made. */
  readonly connect?: Connect | undefined;
  /** Makes the server that listens; by default one without TLS. */
  readonly makeServer?: ((limits: ServerLimits) => Server) | undefined;
  /** Receives what went wrong here, which no caller sees. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** The bounds of Node's server for one request. */
interface ServerLimits {
  readonly maxHeaderSize: number;
  readonly requestTimeout: number;
  readonly headersTimeout: number;
}

/** A reverse proxy that decides on each request, in its one reading, before it forwards it. */
export interface HttpProxy {
  /** Listens nowhere yet. */
  readonly server: Server;
  close(): Promise<void>;
}

const DEFAULTS = { answerMs: 30_000, idleMs: 60_000, decideMs: 5_000, requestMs: 60_000 };
const MAX_HEADER_BYTES = 32_768;
const MAX_HEADERS_MS = 10_000;
/** How long a connection of HTTP/2 without a request is kept. */
const KEPT_MS = 72_000;

/** Makes a proxy. A request that nobody decided on is forwarded only if its service says so (`passThrough`, `preflight`). */
export function createProxy({
  services,
  decide,
  connect = refuseTunnel,
  limits,
  makeServer = (options) => createServer({ ...options, insecureHTTPParser: false }),
  onError = () => {},
}: ProxyOptions): HttpProxy {
  const bounds = { ...DEFAULTS, ...limits };
  const pools = new Pools(services, bounds, onError);

  const judge = async (
    request: CanonicalRequest,
    incoming: Incoming,
  ): Promise<ProxyPermit | ProxyDenial | undefined> => {
    if (request.kind !== 'operation') return { permitted: true, done: () => {} };
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    incoming.source.once('close', leave);
    try {
      // A function that throws at once is caught as one that fails later.
      return await decidedIn(
        bounds.decideMs,
        Promise.resolve().then(() => decide(request, cameOf(incoming, gone.signal))),
      );
    } catch (error) {
      onError(error);
      return undefined;
    } finally {
      incoming.source.off('close', leave);
    }
  };

  const serve = async (incoming: Incoming, response: Answering, isAsked: boolean): Promise<boolean> => {
    const head = headOf(incoming, services());
    if (!head.ok) return answer(response, ofRefusal(head));
    if (isAsked || (head.framing.expectsContinue && incoming.head.version === '2.0')) response.proceed();
    const body = await bodyOf(incoming, head);
    if (body === undefined) return answer(response, ofRefusal(TOO_LARGE));
    const request = withBody(head, body, incoming.rawTrailers());
    if (!request.ok) return answer(response, ofRefusal(request));
    const decision = await judge(request, incoming);
    if (decision === undefined) return answer(response, UNDECIDED);
    if (!decision.permitted) return answer(response, ofDenial(decision));
    const outcome = await forward(decision.request ?? request, decision, response, pools.of(head.service));
    report(decision, outcome, onError);
    return outcome.result !== 'unknown';
  };

  const change = async (message: IncomingMessage, client: Duplex, first: Buffer): Promise<false> => {
    const incoming = incomingOf(message);
    const head = headOf(incoming, services());
    const request = head.ok ? withBody(head, new Uint8Array(), message.rawTrailers) : head;
    if (!request.ok) return refuseUpgrade(client, request.status);
    if (request.operation?.upgrade === undefined) return refuseUpgrade(client, 400);
    const decision = await judge(request, incoming);
    if (decision?.permitted !== true) return refuseUpgrade(client, decision?.status ?? 503);
    const outcome = await tunnel(decision.request ?? request, decision, client, first, pools.of(request.service));
    report(decision, outcome, onError);
    return false;
  };

  const server = makeServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: bounds.requestMs,
    headersTimeout: Math.min(bounds.requestMs, MAX_HEADERS_MS),
  });
  const turns = new Turns();
  /** Node forgets a connection that changed its protocol. */
  const changed = new Set<Duplex>();
  const served = (incoming: Incoming, response: Answering, isAsked: boolean): Promise<boolean> =>
    serve(incoming, response, isAsked).catch((error: unknown) => {
      onError(error);
      return answer(response, NO_ANSWER);
    });
  const started = (isAsked: boolean) => (message: IncomingMessage, response: ServerResponse) => {
    turns.take(message.socket, () => served(incomingOf(message), answeringOf(response), isAsked));
  };
  server.on('request', started(false));
  server.on('checkContinue', started(true));
  server.on('checkExpectation', started(false));
  server.on('upgrade', (message, client, first) => {
    client.on('error', () => client.destroy());
    client.on('close', () => changed.delete(client));
    changed.add(client);
    turns.take(message.socket, () =>
      change(message, client, first).catch((error: unknown) => {
        onError(error);
        client.destroy();
        return false;
      }),
    );
  });
  server.on('connect', (message, client, first) => {
    client.on('error', () => client.destroy());
    client.on('close', () => changed.delete(client));
    changed.add(client);
    turns.take(message.socket, async () => {
      await connect(message, client, first).catch((error: unknown) => {
        onError(error);
        client.destroy();
      });
      return false;
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // An answer here would be that to a request before it, which is still under way.
    if (turns.isTaken(socket) || !socket.writable) socket.destroy();
    else
      socket.end(
        `HTTP/1.1 ${STATUS_OF_FAULT[error.code ?? ''] ?? '400 Bad Request'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
  });
  const endHttp2 = serveHttp2(server, {
    maxHeaderBytes: MAX_HEADER_BYTES,
    headersMs: Math.min(bounds.requestMs, MAX_HEADERS_MS),
    requestMs: bounds.requestMs,
    idleMs: KEPT_MS,
    take: (incoming, answering) => {
      served(incoming, answering, false).catch(onError);
    },
  });
  return {
    server,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      endHttp2();
      for (const client of changed) client.destroy();
      await Promise.all([closed, pools.destroy()]);
    },
  };
}

const refuseTunnel: Connect = async (_message, client) => answerOn(client, NO_TUNNELS);

/** Of faults that Node finds before there is a request. */
const STATUS_OF_FAULT: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

const TOO_LARGE: Refusal = {
  ok: false,
  status: 413,
  code: 'body_too_large',
  reason: 'the body is larger than it may be',
};

function cameOf({ head, headers, connection, address }: Incoming, gone: AbortSignal): Came {
  return { headers, method: head.method, scheme: head.peer?.scheme ?? 'http', connection, address, gone };
}

/** Reads the head for the service of its host. */
function headOf({ head: raw }: Incoming, services: readonly Service[]): CanonicalHead | Refusal {
  let refused: Refusal = { ok: false, status: 404, code: 'path_unknown', reason: 'no service is served here' };
  for (const service of services) {
    const head = canonicalHead(raw, service);
    if (head.ok || head.code !== 'host_unknown') return head;
    refused = head;
  }
  return refused;
}

/** Reads a body whole; undefined if it is larger than its operation takes. */
async function bodyOf(incoming: Incoming, { body, framing }: CanonicalHead): Promise<Uint8Array | undefined> {
  if (!framing.isChunked && framing.length === undefined) return new Uint8Array();
  const pieces: Buffer[] = [];
  let size = 0;
  // The connection stays open for the answer.
  for await (const piece of incoming.body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > body.maxBytes) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Reports the end of a request to its permit. */
function report(permit: ProxyPermit, outcome: ProxyOutcome, onError: (error: unknown) => void): void {
  try {
    // A function that is asynchronous nevertheless may fail later.
    Promise.resolve(permit.done(outcome) as unknown).catch(onError);
  } catch (error) {
    onError(error);
  }
}
