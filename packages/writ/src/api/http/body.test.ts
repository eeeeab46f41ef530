import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readBody, readJson } from './body.js';
import { Problem } from './problem.js';
import { UnfinishedBodies } from './unfinished.js';

type Type = 'json' | 'form' | 'set';
const TYPES = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  set: 'application/secevent+jwt',
} as const;

/** Reads a body that comes in these chunks; resolves to what it says, or to the problem. */
function read(
  type: Type,
  chunks: readonly (string | Buffer)[],
  headers: Record<string, string> = {},
): Promise<unknown> {
  const request = Readable.from(chunks.map((chunk) => Buffer.from(chunk))) as unknown as IncomingMessage;
  Object.assign(request, { socket: {} });
  request.headers = { 'content-type': TYPES[type], 'transfer-encoding': 'chunked', ...headers };
  return new Promise((resolve, reject) => {
    const share = new UnfinishedBodies().of('c');
    readBody(request, { type, share, isStrangers: false }, (error, body) =>
      error === undefined ? resolve(body) : reject(error),
    );
  });
}
const problemOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (body) => ({ body }),
    (error: unknown) => (error instanceof Problem ? [error.status, error.detail] : error),
  );

describe('a body', () => {
  test.each<[string, Type, (string | Buffer)[], unknown]>([
    ['JSON', 'json', ['{"a":[1,2]}'], { a: [1, 2] }],
    ['JSON in pieces that cut a letter', 'json', [Buffer.from([0x22, 0xc3]), Buffer.from([0xa9, 0x22])], '\u00e9'],
    ['a form', 'form', ['a=1&b=%20x+y'], { a: '1', b: ' x y' }],
    ['a form with a name of objects', 'form', ['toString=1&constructor=2'], { toString: '1', constructor: '2' }],
    ['an empty form', 'form', [''], {}],
    ['a token', 'set', ['a.b', '.c'], 'a.b.c'],
  ])('of %s is read', async (_what, type, chunks, expected) => {
    expect(await read(type, chunks)).toEqual(expected);
  });

  test.each<[string, Type, (string | Buffer)[], Record<string, string>, [number, RegExp]]>([
    ['another type', 'json', ['{}'], { 'content-type': 'text/plain' }, [400, /^the body is application\/json$/]],
    ['a type that begins alike', 'json', ['{}'], { 'content-type': 'application/jsonp' }, [400, /application\/json/]],
    ['a declared length past the limit', 'json', [], { 'content-length': '1048577' }, [413, /larger than 1048576/]],
    ['a length past the limit', 'json', [Buffer.alloc(1_048_576, ' '), ' '], {}, [413, /larger than 1048576/]],
    ['a key twice', 'json', ['{"a":1,\n"a":2}'], {}, [400, /^line 2, column 1: /]],
    ['bytes that are no text', 'json', [Buffer.from([0x22, 0xff, 0x22])], {}, [400, /not UTF-8/]],
    ['bytes that are no text, in a form', 'form', [Buffer.from([0xff])], {}, [400, /not UTF-8/]],
    ['a parameter twice', 'form', ['a=1&a=1'], {}, [400, /^a is sent twice$/]],
    ['no JSON', 'json', [''], {}, [400, /^line 1, column 1: /]],
  ])('with %s is refused', async (_what, type, chunks, headers, [status, detail]) => {
    const work = new Promise((resolve, reject) => {
      try {
        resolve(read(type, chunks, headers));
      } catch (error) {
        reject(error);
      }
    });
    expect(await problemOf(work)).toEqual([status, expect.stringMatching(detail)]);
  });

  test.each([[undefined], ['0']])('that is not there (length %s) is undefined', async (length) => {
    const request = Readable.from([]) as unknown as IncomingMessage;
    request.headers = length === undefined ? {} : { 'content-length': length };
    const came = new Promise((resolve) => readBody(request, 'json', (error, body) => resolve([error, body])));
    expect(await came).toEqual([undefined, undefined]);
  });

  test('of 64 levels is read, and of 65 refused', () => {
    const nested = (depth: number): Buffer => Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth)}`);
    expect(JSON.stringify(readJson(nested(64)))).toBe(nested(64).toString());
    expect(() => readJson(nested(65))).toThrow(Problem);
  });
});
