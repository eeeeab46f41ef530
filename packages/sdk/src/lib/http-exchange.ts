import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** One request, and how its answer is read. */
interface Exchange<T> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** The time for the whole answer, in milliseconds, however much of it has come. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Returns the reader of an answer with these headers. @throws {Error} if such an answer is not read at all */
  readonly read: (status: number, headers: IncomingHttpHeaders) => AnswerReader<T>;
}

/** Reads an answer, piece by piece. */
export interface AnswerReader<T> {
  /** @returns the value, if the rest of the answer does not matter */
  take(piece: Buffer): T | undefined;
  /** Called at the end of the answer. @returns the value */
  end(): T;
}

/**
 * Sends a request over a connection that is kept.
 *
 * hot: without the streams around bodies that `request` of undici makes. Bodies are small here, and every call
 * passes.
 *
 * @throws {Error} the error of the connection, the reader, the timeout or the signal; the request may have arrived
 */
export function exchange<T>(dispatcher: Dispatcher, sent: Exchange<T>): Promise<T> {
  const { method, path, headers, body, timeoutMs, signal, read } = sent;
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
    const late = setTimeout(() => fail(new Error(`it did not answer in ${timeoutMs} ms`)), timeoutMs);
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
        // Our own timeout covers the whole exchange.
        { method, path, headers, body: body ?? null, headersTimeout: 0, bodyTimeout: 0 },
        {
          onRequestStart(given) {
            controller = given;
            // The caller stopped waiting before the request was sent.
            if (isOver) given.abort(new Error('nobody waits for it'));
          },
          onResponseStart(_controller, status, answered) {
            // After 1xx the answer is still to come.
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

/** Returns a reader of an answer that is one text in UTF-8. */
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
