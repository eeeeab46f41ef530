import type { ServerResponse } from 'node:http';
import { withoutMarks } from '@writ/sdk/lib/number-marks';

type Write = ServerResponse['write'];

/** Makes the SDK write numbers as servers wrote them: what it writes is whole messages, in which such numbers are marks. */
export function exactly(response: ServerResponse): ServerResponse {
  const write = response.write.bind(response) as (...all: unknown[]) => boolean;
  const end = response.end.bind(response) as (...all: unknown[]) => ServerResponse;
  const writeHead = response.writeHead.bind(response) as (...all: unknown[]) => ServerResponse;
  return Object.assign(response, {
    write: ((piece: unknown, ...more: unknown[]) => write(exact(piece), ...more)) as Write,
    end: ((piece: unknown, ...more: unknown[]) => end(exact(piece), ...more)) as ServerResponse['end'],
    // The length is that of the text with marks.
    writeHead: ((...all: unknown[]) => {
      response.removeHeader('content-length');
      return writeHead(...all.map(withoutLength));
    }) as ServerResponse['writeHead'],
  });
}

function exact(piece: unknown): unknown {
  if (typeof piece === 'string') return withoutMarks(piece);
  if (!(piece instanceof Uint8Array)) return piece;
  const text = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('utf8');
  const written = withoutMarks(text);
  return written === text ? piece : Buffer.from(written);
}

function withoutLength(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-length'));
}
