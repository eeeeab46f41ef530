import { CedarError } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import fastify, { type FastifyError } from 'fastify';
import type { Decider } from '../decide/decide.js';
import type { Credentials } from '../provenance/credentials.js';
import { authenticate } from './authenticate.js';
import { authzen } from './authzen.js';
import { outcomes } from './outcomes.js';
import { problem } from './problem.js';

export interface Service {
  readonly url: string;
  /** Stops taking requests, answers those it has, then resolves. */
  close(): Promise<void>;
}

const MAX_BODY = 1024 * 1024;
const MAX_DEPTH = 64;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Serves the decision point on loopback. */
export async function serveService(decider: Decider, credentials: Credentials, port: number): Promise<Service> {
  const app = fastify({ bodyLimit: MAX_BODY, requestTimeout: 30_000, forceCloseConnections: 'idle' });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJson(UTF8.decode(body as Buffer), { mode: 'wire', maxDepth: MAX_DEPTH }));
    } catch (error) {
      done(badRequest(error), undefined);
    }
  });
  // Facts can hold integers that JSON numbers cannot.
  app.setReplySerializer((payload) =>
    JSON.stringify(payload, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  );
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500;
    // AuthZEN's certification expects 400 for a wrong content type.
    if (status === 415) return problem(reply, 400, 'Bad Request', 'the body is application/json');
    if (status < 500)
      return problem(reply, status, status === 413 ? 'Content Too Large' : 'Bad Request', error.message);
    return problem(reply, 500, 'Internal Server Error');
  });
  app.setNotFoundHandler((_request, reply) => problem(reply, 404, 'Not Found'));
  app.addHook('onRequest', async (request, reply) => {
    const id = request.headers['x-request-id'];
    if (typeof id === 'string') reply.header('X-Request-ID', id);
  });

  app.get('/livez', async () => ({ status: 'alive' }));
  app.get('/readyz', async () => ({ status: 'ready' }));
  await app.register(async (routes) => {
    authenticate(routes, credentials);
    authzen(routes, decider);
    outcomes(routes, decider);
  });

  const url = await app.listen({ host: '127.0.0.1', port });
  return { url, close: () => app.close() };
}

function badRequest(error: unknown): Error {
  const at = error instanceof CedarError ? error.position : undefined;
  const where = at === undefined ? '' : `line ${at.line}, column ${at.column}: `;
  const what = error instanceof CedarError ? error.message : 'the body is not UTF-8';
  return Object.assign(new Error(`${where}${what}`), { statusCode: 400 });
}
