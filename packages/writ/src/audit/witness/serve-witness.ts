import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Witness } from './witness.js';

/** The most bytes of a request; a checkpoint and a proof are far smaller. */
const MAX_BODY = 64 * 1024;

/**
 * Serves a witness over HTTP: `POST /add-checkpoint` (C2SP tlog-witness). No authentication is needed: the checkpoint is signed.
 *
 * @param port 0 for any
 */
export async function serveWitness(
  witness: Witness,
  host: string,
  port: number,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    const answer = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(body);
    };
    if (request.url !== '/add-checkpoint') return answer(404, 'there is only /add-checkpoint here\n');
    if (request.method !== 'POST') return answer(405, 'it is a POST\n');
    readAll(request).then(
      (body) => {
        if (body === undefined) return answer(413, 'the body is too large\n');
        const { status, body: text, contentType } = witness.addCheckpoint(body);
        answer(status, text, contentType);
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readAll(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  return size <= MAX_BODY ? Buffer.concat(chunks).toString() : undefined;
}
