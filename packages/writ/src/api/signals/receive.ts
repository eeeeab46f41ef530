import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { SetError, StreamError } from '../../signals/errors.js';
import type { ReceivedStream } from '../../signals/served.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

const errorShape = z.object({ err: z.string(), description: z.string() });

/** `POST /ssf/events/<stream>`: a transmitter pushes a security event token (RFC 8935). */
export function receiveRoute(stream: (name: string) => ReceivedStream | undefined): Route {
  return route({
    method: 'POST',
    url: '/ssf/events/:stream',
    operationId: 'receiveEvent',
    tag: 'Signals',
    summary: 'Receive a security event token that a transmitter pushes (RFC 8935)',
    // The stream declares how the transmitter proves itself; each token is signed too.
    access: { kind: 'open' },
    always: true,
    body: z.string(),
    bodyType: 'set',
    readsBody: true,
    answers: {
      202: { description: 'The event is on disk, and in the next decision' },
      400: { description: 'The token is refused; do not send it again', shape: errorShape },
      404: { description: 'No such stream pushes here' },
      503: { description: 'Send it again later' },
    },
    async handle({ params, body, request, reply }) {
      const received = stream(params.stream ?? '');
      if (received?.pushAuthorization === undefined) throw new Problem(404, `no stream ${params.stream} pushes here`);
      if (!isSame(request.headers.authorization, received.pushAuthorization)) {
        reply.code(400);
        return { err: 'authentication_failed', description: 'the Authorization header is not that of the stream' };
      }
      try {
        await received.stream.take(String(body).trim());
      } catch (error) {
        if (error instanceof StreamError) throw new Problem(503, error.message, {}, 5);
        if (!(error instanceof SetError)) throw error;
        if (error.problem === 'keys_unreachable') throw new Problem(503, error.message, {}, 5);
        reply.code(400);
        return { err: error.problem, description: error.message };
      }
      reply.code(202);
      return undefined;
    },
  });
}

/** Compares in constant time. */
function isSame(sent: string | undefined, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return sent !== undefined && timingSafeEqual(digest(sent), digest(expected));
}
