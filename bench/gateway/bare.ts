import { fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, request as requestOf, type ServerResponse } from 'node:http';

/**
 * The least that a process on the way costs: it passes on what it gets and decides nothing; with a file, it syncs as many bytes to it
 * before each request as a decision has.
 */

const [, , port, target = '', file] = process.argv;
const { hostname, port: targetPort } = new URL(target);
const agent = new Agent({ keepAlive: true });
const SIZE = 2 ** 20;
const RECORD = Buffer.alloc(2_048, 'x');
const descriptor = file === undefined ? undefined : openSync(file, 'w+');
let at = 0;
if (descriptor !== undefined) {
  writeSync(descriptor, Buffer.alloc(SIZE), 0, SIZE, 0);
  fsyncSync(descriptor);
}

function sync(): void {
  if (descriptor === undefined) return;
  at = (at + 4_096) % SIZE;
  writeSync(descriptor, RECORD, 0, RECORD.length, at);
  fdatasyncSync(descriptor);
}

function passOn(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const { method, url: path, headers } = request;
  const sent = requestOf({ agent, hostname, port: targetPort, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  sent.end(body);
}

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    sync();
    passOn(request, Buffer.concat(chunks), response);
  });
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('up\n'));
