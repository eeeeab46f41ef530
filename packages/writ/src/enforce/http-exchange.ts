import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** One request and what is read of its answer. */
interface Exchange<T> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** In milliseconds: within it the answer is there whole, however much comes meanwhile. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** How an answer with these headers is read. @throws when it is not read at all */
  readonly read: (status: number, headers: IncomingHttpHeaders) => AnswerReader<T>;
}

/** Takes in an answer, piece by piece. */
export interface AnswerReader<T> {
  /** @returns what it comes to, when the rest does not matter */
  take(piece: Buffer): T | undefined;
  /** The answer is over. @returns what it comes to */
  end(): T;
}

/**
 * Sends a request over a connection that is kept, without the streams around bodies that `request` of undici makes: what goes through here
 * is small, and on the way of every call.
 *
 * @throws {Error} what the connection, the reader, the timeout or the signal says; the request may have arrived then
 */
export function exchange<T>(dispatcher: Dispatcher, sent: Exchange<T>): Promise<T> {
  const { method, path, headers, body, timeout, signal, read } = sent;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    let reader: AnswerReader<T> | undefined;
    let controller: Dispatcher.DispatchController | undefined;
    let isOver = false;
    const over = (): boolean => {
      if (isOver) return false;
      isOver = true;
      clearTimeout(late);
      signal?.removeEventListener('abort', gone);
      return true;
    };
    const fail = (reason: unknown): void => {
      if (!over()) return;
      reject(reason);
      controller?.abort(reason instanceof Error ? reason : new Error(String(reason)));
    };
    const gone = (): void => fail(signal?.reason);
    const late = setTimeout(() => fail(new Error(`it did not answer in ${timeout} ms`)), timeout);
    signal?.addEventListener('abort', gone, { once: true });
    const attempt = (step: () => void): void => {
      try {
        step();
      } catch (error) {
        fail(error);
      }
    };
    attempt(() =>
      dispatcher.dispatch(
        // Ours is for the whole of it.
        { method, path, headers, body: body ?? null, headersTimeout: 0, bodyTimeout: 0 },
        {
          onRequestStart(given) {
            controller = given;
            // It was given up before it was sent.
            if (isOver) given.abort(new Error('nobody waits for it'));
          },
          onResponseStart(_controller, status, answered) {
            // 1xx: the answer is still to come.
            if (status >= 200)
              attempt(() => {
                reader = read(status, answered);
              });
          },
          onResponseData(_controller, piece) {
            if (isOver) return;
            attempt(() => {
              const value = reader?.take(piece);
              if (value === undefined || !over()) return;
              resolve(value);
              controller?.abort(new Error('the rest does not matter'));
            });
          },
          onResponseEnd() {
            if (isOver || reader === undefined) return;
            attempt(() => {
              const value = (reader as AnswerReader<T>).end();
              if (over()) resolve(value);
            });
          },
          onResponseError(_controller, error) {
            fail(error);
          },
        },
      ),
    );
  });
}

/** Reads an answer as one text in UTF-8. */
export function wholeText<T>(use: (text: string) => T): AnswerReader<T> {
  const pieces: Buffer[] = [];
  return {
    take(piece) {
      pieces.push(piece);
      return undefined;
    },
    end: () => use((pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)).toString()),
  };
}
