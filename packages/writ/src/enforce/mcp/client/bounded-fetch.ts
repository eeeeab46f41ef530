import { withMarks } from '@writ/sdk/lib/number-marks';
import type { AnswerBounds } from './answer-bounds.js';

/** The first event of the transport of 2024-11-05 is an address, whose digits are no numbers. */
const IS_JSON = /^data:\s*[{[]/;

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * Returns `fetch` for the transports of the SDK: answers are bounded after they are unpacked, and numbers that
 * JavaScript would write in another way are marks (`lib/number-marks.ts`). Redirects are not followed, so the server
 * cannot send its credentials elsewhere.
 */
export function boundedFetch(bounds: AnswerBounds): Fetch {
  return async (url, init) => {
    const headers = new Headers(init?.headers);
    headers.set('accept-encoding', 'identity');
    const response = await fetch(url, { ...init, headers, redirect: 'error' });
    if (response.body === null) return response;
    const type = response.headers.get('content-type') ?? '';
    const isStream = /^text\/event-stream\b/i.test(type);
    const body = isStream
      ? response.body.pipeThrough(eventsWithin(bounds))
      : await textWithin(response.body, bounds, /^application\/json\b/i.test(type));
    const kept = new Headers(response.headers);
    for (const name of ['content-length', 'content-encoding']) kept.delete(name);
    return new Response(body, { status: response.status, statusText: response.statusText, headers: kept });
  };
}

/** Reads a whole body. @throws {UpstreamError} if it is too large */
async function textWithin(
  body: ReadableStream<Uint8Array>,
  bounds: AnswerBounds,
  isJson: boolean,
): Promise<string | null> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  // An error in the loop cancels the body.
  for await (const piece of body) {
    bytes += piece.length;
    bounds.check(bytes);
    pieces.push(piece);
  }
  if (bytes === 0) return null;
  const text = Buffer.concat(pieces).toString('utf8');
  return isJson ? withMarks(text) : text;
}

/** Passes a stream of events on, line by line. It fails when one event is too large. */
function eventsWithin(bounds: AnswerBounds): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let begun: string[] = [];
  let size = 0;
  return new TransformStream({
    transform(piece, controller) {
      const lines = decoder.decode(piece, { stream: true }).split('\n');
      const last = lines.pop() ?? '';
      for (const line of lines) {
        const whole = begun.length === 0 ? line : begun.join('') + line;
        begun = [];
        // An empty line ends an event.
        size = whole === '' || whole === '\r' ? 0 : size + line.length;
        bounds.check(size);
        controller.enqueue(encoder.encode(`${IS_JSON.test(whole) ? withMarks(whole) : whole}\n`));
      }
      size += last.length;
      bounds.check(size);
      if (last !== '') begun.push(last);
    },
    flush(controller) {
      if (begun.length > 0) controller.enqueue(encoder.encode(begun.join('')));
    },
  });
}
