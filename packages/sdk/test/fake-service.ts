import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer of the service to one evaluation. */
export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly raw?: string;
  readonly hang?: boolean;
  readonly hangAfter?: number;
  readonly break?: boolean;
}

/** A service that answers as a test says, and notes what it was sent. */
export interface FakeService {
  readonly url: string;
  /** The answers to evaluations, in their order. A function gets the request. */
  answers: readonly ScriptedAnswer[] | ((request: Sent) => ScriptedAnswer);
  /** The statuses of the answers to outcomes; 204 after the last. */
  outcomeStatus: readonly number[];
  outcomeRetryAfter: string | undefined;
  readonly asked: Sent[];
  readonly outcomes: Record<string, unknown>[];
  reset(): void;
  close(): Promise<void>;
}

export interface Sent {
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  readonly body: any;
}

export async function fakeService(): Promise<FakeService> {
  const asked: Sent[] = [];
  const outcomes: Record<string, unknown>[] = [];
  let reported = 0;
  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece) => {
      text += String(piece);
    });
    request.on('end', () => {
      const path = request.url ?? '';
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      if (path === '/v1/outcomes') {
        const many = (body as { outcomes?: Record<string, unknown>[] }).outcomes;
        outcomes.push(...(many ?? [body as Record<string, unknown>]));
        const status = service.outcomeStatus[reported] ?? 204;
        reported += 1;
        const after = service.outcomeRetryAfter;
        response.writeHead(status, after === undefined ? {} : { 'Retry-After': after }).end();
        return;
      }
      const sent = { path, body };
      const { answers } = service;
      const answer = typeof answers === 'function' ? answers(sent) : answers[asked.length];
      asked.push(sent);
      if (answer === undefined || answer.break === true) request.socket.destroy();
      else if (answer.hang !== true) {
        const said = answer.raw ?? JSON.stringify(answer.body);
        response.writeHead(answer.status ?? 200, answer.headers);
        if (answer.hangAfter === undefined) response.end(said);
        else response.write(said.slice(0, answer.hangAfter));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const service: FakeService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers: [],
    outcomeStatus: [],
    outcomeRetryAfter: undefined,
    asked,
    outcomes,
    reset() {
      asked.length = 0;
      outcomes.length = 0;
      reported = 0;
      service.answers = [];
      service.outcomeStatus = [];
      service.outcomeRetryAfter = undefined;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return service;
}
