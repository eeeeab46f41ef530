import { readFileSync } from 'node:fs';
import { rows } from '../shop.js';
import { bytesOf } from '../wire.js';

/** A request of one of the tables, as the bytes of its client. */
export interface Sent {
  readonly table: 'paths' | 'headers' | 'honest';
  readonly class: string;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: string;
}

type Row = Partial<Omit<Sent, 'table'>> & Pick<Sent, 'method' | 'target'>;

/** Returns the requests of a table. */
export function requestsOf(table: Sent['table']): Sent[] {
  return rows<Row>(table).map((row) => ({
    table,
    class: row.class ?? 'honest',
    method: row.method,
    target: row.target,
    headers: table === 'headers' ? (row.headers ?? []) : ['Host', 'shop.example', ...(row.headers ?? [])],
    body: row.body ?? '',
  }));
}

/** Returns a request as it stands on a connection. @param more headers that every request of the test has */
export function wireOf(
  { method, target, headers, body }: Sent,
  more: readonly (readonly [string, string])[] = [],
): Buffer {
  const pairs = headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1] as string] as const] : []));
  const isChunked =
    pairs.some(([name, value]) => /^transfer-encoding$/i.test(name) && /^chunked$/i.test(value)) &&
    !pairs.some(([name]) => /^content-length$/i.test(name));
  const chunk = body === '' ? '' : `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`;
  // A front waits for the end of a body.
  return bytesOf(method, target, [...pairs, ...more], Buffer.from(isChunked ? `${chunk}0\r\n\r\n` : body));
}

/** An honest request that a front does not carry by its nature, with the code of its refusal and the reason. */
interface NotCarried {
  readonly fronts: readonly string[];
  readonly method: string;
  readonly target: string;
  readonly headers?: readonly string[];
  readonly code: string;
  readonly why: string;
}

const NOT_CARRIED = readFileSync(new URL('../tables/fronts.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as NotCarried);

/** Returns why a front does not carry an honest request; undefined if it does. */
export function notCarried(front: string, { method, target, headers }: Sent): NotCarried | undefined {
  return NOT_CARRIED.find(
    (one) =>
      one.fronts.includes(front) &&
      one.method === method &&
      one.target === target &&
      (one.headers === undefined || one.headers.join() === headers.slice(2).join()),
  );
}

/** Returns each n-th request, beginning with another one for another seed. */
export function sampleOf<T>(all: readonly T[], share: number, seed: number): T[] {
  return all.filter((_one, i) => (i + seed) % share === 0);
}
