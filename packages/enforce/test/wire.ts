import { connect } from 'node:net';

/** An answer as it stood on the connection. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

const END = Buffer.from('\r\n\r\n');

/**
 * Sends bytes as they are, on a connection of its own, and returns all answers until the server closes it, or `expected` of
 * them are there.
 *
 * @param isHead whether the answers have no body, whatever their length says
 * @param ends whether this side closes when it has sent the bytes
 */
export function exchange(
  port: number,
  bytes: Buffer,
  expected = 1,
  { isHead = false, ends = false }: { readonly isHead?: boolean; readonly ends?: boolean | undefined } = {},
): Promise<Answer[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = Buffer.alloc(0);
    const finish = (): void => {
      socket.destroy();
      resolve(answersIn(received, isHead).answers);
    };
    socket.on('data', (piece) => {
      received = Buffer.concat([received, piece]);
      if (answersIn(received, isHead).answers.length >= expected) finish();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? finish() : reject(error)));
    socket.on('close', finish);
    socket.write(bytes);
    if (ends) socket.end();
  });
}

function answersIn(all: Buffer, isHead: boolean): { readonly answers: Answer[] } {
  const answers: Answer[] = [];
  let rest = all;
  for (;;) {
    const end = rest.indexOf(END);
    if (end === -1) return { answers };
    const head = rest.subarray(0, end).toString('latin1');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
    rest = rest.subarray(end + END.length);
    if (status >= 100 && status < 200) {
      answers.push({ status, body: '' });
      continue;
    }
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    const isChunked = /\r\ntransfer-encoding: *chunked/i.test(head);
    if (isHead || status === 304) answers.push({ status, body: '' });
    else if (isChunked) {
      const read = chunksIn(rest);
      if (read === undefined) return { answers };
      answers.push({ status, body: read.body });
      rest = read.rest;
    } else {
      if (rest.length < length) return { answers };
      answers.push({ status, body: rest.subarray(0, length).toString() });
      rest = rest.subarray(length);
    }
  }
}

function chunksIn(all: Buffer): { readonly body: string; readonly rest: Buffer } | undefined {
  let [rest, body] = [all, ''];
  for (;;) {
    const end = rest.indexOf('\r\n');
    if (end === -1) return undefined;
    const size = Number.parseInt(rest.subarray(0, end).toString('latin1'), 16);
    if (rest.length < end + 2 + size + 2) return undefined;
    body += rest.subarray(end + 2, end + 2 + size).toString();
    rest = rest.subarray(end + 2 + size + 2);
    if (size === 0) return { body, rest };
  }
}

/** Returns a request as bytes, without changing anything of it. */
export function bytesOf(
  method: string,
  target: string,
  headers: readonly (readonly [string, string])[],
  body: Uint8Array,
): Buffer {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}
