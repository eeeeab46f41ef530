import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { CedarError } from '@writ/cedar';
import { parseJson } from '@writ/cedar/json';
import { Problem } from './problem.js';

/** The bounds of a body (docs/operate.md, "Overload"); it is UTF-8, and JSON with one reading. */
const MAX_BODY = 1024 * 1024;
const MAX_DEPTH = 64;
const TYPES = {
  json: { name: 'application/json', pattern: /^application\/json\s*(?:;|$)/i },
  set: { name: 'application/secevent+jwt', pattern: /^application\/secevent\+jwt\s*(?:;|$)/i },
  form: { name: 'application/x-www-form-urlencoded', pattern: /^application\/x-www-form-urlencoded\s*(?:;|$)/i },
} as const;
type BodyType = keyof typeof TYPES;

/**
 * Reads the whole body and calls back with its value; undefined without a body. A body that ends early is never passed on.
 *
 * @throws {Problem} 400 for another content type, 413 for a length that is declared too large
 */
export function readBody(
  request: IncomingMessage,
  bodyType: BodyType,
  done: (error: unknown, body?: unknown) => void,
): void {
  const { 'content-length': length, 'content-type': type, 'transfer-encoding': coding } = request.headers;
  if (coding === undefined && (length === undefined || length === '0') && type === undefined) {
    done(undefined);
    return;
  }
  const { name, pattern } = TYPES[bodyType];
  if (type === undefined || !pattern.test(type)) throw new Problem(400, `the body is ${name}`);
  if (length !== undefined && Number(length) > MAX_BODY) throw tooLarge();
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_BODY) {
      request.removeAllListeners('data');
      request.removeAllListeners('end');
      request.resume();
      done(tooLarge());
    } else if (first === undefined) {
      first = chunk;
    } else {
      more ??= [first];
      more.push(chunk);
    }
  });
  request.on('end', () => {
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

function tooLarge(): Problem {
  return new Problem(413, `the body is larger than ${MAX_BODY} bytes`);
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
