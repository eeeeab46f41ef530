import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Budget } from '../budget.js';
import type { Complaints } from '../complaints.js';
import type { EnvoyParts } from '../parts.js';
import { TOO_MANY } from '../problems.js';
import type { ProcessingRequest, ProcessingResponse } from '../protocol/messages.js';
import { Exchange, type Reply } from './exchange.js';
import { ending } from './replies.js';

type Stream = ServerDuplexStream<ProcessingRequest, ProcessingResponse>;

/** A stream that shows nothing is of no request. */
const FIRST_MS = 10_000;
/** The most that Envoy takes to show the body of a request; it has its own deadlines, which are shorter. */
const REQUEST_MS = 60_000;

interface StreamTools {
  readonly parts: EnvoyParts;
  readonly complaints: Complaints;
  readonly bodies: Budget;
}

/** Serves one stream of ext_proc. A stream that fails ends with an error, which is a refusal at Envoy. */
export function serveStream(stream: Stream, { parts, complaints, bodies }: StreamTools, onEnd: () => void): void {
  const [name, ...more] = stream.metadata.get('writ-service');
  let isOver = false;
  const finish = (): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    exchange.close();
    onEnd();
  };
  const fail = (details: string): void => {
    if (isOver) return;
    finish();
    stream.emit('error', { code: status.FAILED_PRECONDITION, details });
  };
  const send = ({ reply, isLast }: Reply): void => {
    if (isOver) return;
    stream.write(reply);
    if (isLast !== true) return;
    finish();
    stream.end();
  };
  const exchange = new Exchange(parts, complaints, more.length === 0 ? name?.toString() : undefined, (reply) =>
    send({ reply, isLast: true }),
  );
  let timer = setTimeout(() => fail('no request was shown'), FIRST_MS);
  stream.on('data', (message: ProcessingRequest) => {
    // One message at a time: Envoy waits for each reply.
    stream.pause();
    clearTimeout(timer);
    if (message.kind === 'requestHeaders') timer = setTimeout(() => fail('the request was not shown'), REQUEST_MS);
    const size = (message.requestBody ?? message.responseBody)?.body?.length ?? 0;
    bodies
      .during(size, () => exchange.receive(message))
      .then(
        (reply) => send(reply ?? { reply: ending(TOO_MANY), isLast: true }),
        (error: unknown) => {
          parts.log.error(error, 'a stream of ext_proc failed');
          fail('the stream cannot be served');
        },
      )
      .finally(() => stream.resume());
  });
  stream.on('end', () => {
    finish();
    stream.end();
  });
  stream.on('cancelled', finish);
  stream.on('error', finish);
  stream.on('close', finish);
}
