import type { Dispatcher } from 'undici';
import { isEmptyAnswer, isReadable } from '../enforced/answer-head.js';

/** The answers that are read are shorter: a longer one is a download, and passes as a stream. */
const MAX_READ = 4 * 2 ** 20;

/** The begin of an answer, and the rest of it if it is longer than answers are read. */
interface ReadAnswer {
  readonly isWhole: boolean;
  readonly bytes: Uint8Array;
  /** Empty if it is whole. */
  readonly rest: AsyncIterable<Uint8Array>;
}

/** Reads an answer that is JSON or has no body; undefined for another one, of which nothing is taken. */
export async function readWhole(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  method: string,
): Promise<ReadAnswer | undefined> {
  const { 'content-type': type, 'content-encoding': coding, 'content-length': length } = headers;
  const head = { status: statusCode, type, coding, length };
  if (!isEmptyAnswer(method, head) && !isReadable(head, MAX_READ)) return undefined;
  // hot: the parser of HTTP ends the body where its length says, so that it is bounded; a stream is read piece by piece for more.
  if (typeof length === 'string' && /^\d+$/.test(length) && headers['transfer-encoding'] === undefined)
    return { isWhole: true, bytes: await body.bytes(), rest: NOTHING };
  const pieces: Uint8Array[] = [];
  let size = 0;
  const iterator = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    pieces.push(next.value);
    size += next.value.length;
    if (size > MAX_READ)
      return { isWhole: false, bytes: Buffer.concat(pieces), rest: { [Symbol.asyncIterator]: () => iterator } };
  }
  return { isWhole: true, bytes: Buffer.concat(pieces), rest: NOTHING };
}

const NOTHING: AsyncIterable<Uint8Array> = { async *[Symbol.asyncIterator]() {} };
