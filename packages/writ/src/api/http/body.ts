import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { CedarError } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import { Problem } from './problem.js';
import type { BodyShare } from './unfinished.js';

/** The bounds of a body (docs/operate.md, "Overload"); it is UTF-8, and JSON with one reading. In bytes. */
const MAX_BODY = 1024 * 1024;
/** A form with the longest reason, each character of it encoded. */
const MAX_STRANGERS_BODY = 40 * 1024;
const MAX_DEPTH = 64;
const TYPES = {
  json: { name: 'application/json', pattern: /^application\/json\s*(?:;|$)/i },
  set: { name: 'application/secevent+jwt', pattern: /^application\/secevent\+jwt\s*(?:;|$)/i },
  form: { name: 'application/x-www-form-urlencoded', pattern: /^application\/x-www-form-urlencoded\s*(?:;|$)/i },
} as const;
type BodyType = keyof typeof TYPES;

interface BodyReading {
  readonly type: BodyType;
  /** The share of unfinished bodies that it counts in. */
  readonly share: BodyShare;
  /** Whether its sender has proved nobody. */
  readonly isStrangers: boolean;
}

/**
 * Reads the whole body and calls back with its value; undefined without a body. A body that ends early is never passed on.
 * One that takes too long, or has to give way to another, is an error.
 *
 * @throws {Problem} 400 for another content type, 413 for a length that is declared too large
 */
export function readBody(
  request: IncomingMessage,
  { type: bodyType, share, isStrangers }: BodyReading,
  done: (error: unknown, body?: unknown) => void,
): void {
  const { 'content-length': length, 'content-type': type, 'transfer-encoding': coding } = request.headers;
  if (coding === undefined && (length === undefined || length === '0') && type === undefined) {
    done(undefined);
    return;
  }
  const { name, pattern } = TYPES[bodyType];
  if (type === undefined || !pattern.test(type)) throw new Problem(400, `the body is ${name}`);
  const limit = isStrangers ? MAX_STRANGERS_BODY : MAX_BODY;
  if (length !== undefined && Number(length) > limit) throw tooLarge(limit);
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  const stop = (problem: Problem): void => {
    share.end(unfinished);
    request.removeAllListeners('data');
    request.removeAllListeners('end');
    request.resume();
    done(problem);
  };
  const unfinished = share.begin(request.socket.remoteAddress ?? '', stop);
  request.once('close', () => share.end(unfinished));
  request.on('data', (chunk: Buffer) => {
    if (unfinished.size + chunk.length > limit) {
      stop(tooLarge(limit));
      return;
    }
    share.grow(unfinished, chunk.length);
    if (first === undefined) {
      first = chunk;
    } else {
      more ??= [first];
      more.push(chunk);
    }
  });
  request.on('end', () => {
    share.end(unfinished);
    let body: unknown;
    try {
      const bytes = more === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(more);
      body = READERS[bodyType](bytes);
    } catch (error) {
      done(error);
      return;
    }
    done(undefined, body);
  });
}

const READERS: Readonly<Record<BodyType, (bytes: Buffer) => unknown>> = {
  json: readJson,
  form: readForm,
  // A token is text; what it says is read when it is verified.
  set: (bytes) => bytes.toString('latin1'),
};

function tooLarge(limit: number): Problem {
  return new Problem(413, `the body is larger than ${limit} bytes`);
}

/** @throws {Problem} 400, with the place */
export function readJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw new Problem(400, 'the body is not UTF-8');
  try {
    return parseJson(body.toString('utf8'), { mode: 'wire', maxDepth: MAX_DEPTH });
  } catch (error) {
    if (!(error instanceof CedarError)) throw error;
    const { line, column } = error.position ?? { line: 1, column: 1 };
    throw new Problem(400, `line ${line}, column ${column}: ${error.message}`);
  }
}

/** A parameter is sent once (RFC 6749, section 3.2). @throws {Problem} 400 */
function readForm(body: Buffer): Record<string, string> {
  if (!isUtf8(body)) throw new Problem(400, 'the body is not UTF-8');
  const form: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
    if (name in form) throw new Problem(400, `${name} is sent twice`);
    form[name] = value;
  }
  return { ...form };
}
