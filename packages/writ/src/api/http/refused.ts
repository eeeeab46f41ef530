import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEM_TYPE, Problem, problemText } from './problem.js';
import type { Reply } from './reply.js';
import { REQUEST_LIMITS } from './request-limits.js';

/** A refused body is read and discarded up to this length, in bytes; past it the connection ends. */
const MAX_UNREAD = 64 * 1024;

/** Ends the connection after a long body that was refused unread; a short one is read and discarded. */
export function endIfLong({ headers }: IncomingMessage, reply: Reply): void {
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > MAX_UNREAD)
    reply.header('Connection', 'close');
}

/** Answers bytes that are not HTTP, take too long or have too many headers. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase, detail] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large', `the headers are larger than ${REQUEST_LIMITS.maxHeaderSize} bytes`]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout', 'the request did not arrive in time']
        : [400, 'Bad Request', 'this is not an HTTP/1.1 request'];
  const text = problemText(new Problem(status as number, detail as string));
  const head = `HTTP/1.1 ${status} ${phrase}\r\nConnection: close\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(text)}`;
  socket.end(`${head}\r\n\r\n${text}`);
}
