import {
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { AUTHORIZATION, PROCESSOR } from '../src/envoy/protocol/load.js';
import type {
  CheckRequest,
  CheckResponse,
  HeaderValue,
  ProcessingRequest,
  ProcessingResponse,
} from '../src/envoy/protocol/messages.js';

/** A client that sends what Envoy 1.40 was seen to send, for tests without Envoy. */
export interface EnvoyClient {
  check(request: CheckRequest, deadlineMs?: number): Promise<CheckResponse>;
  /** Begins a stream of ext_proc, with the gRPC metadata of its route. */
  process(metadata?: Readonly<Record<string, string>>): ProcessStream;
  close(): void;
}

interface ProcessStream {
  /** Sends a message, and returns the reply. Rejects if the stream ends before. */
  send(message: ProcessingRequest): Promise<ProcessingResponse>;
  cancel(): void;
}

interface Certificates {
  readonly ca: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export function envoyClient(address: string, tls?: Certificates, options: ChannelOptions = {}): EnvoyClient {
  const secured =
    tls === undefined ? credentials.createInsecure() : credentials.createSsl(tls.ca, tls.key ?? null, tls.cert ?? null);
  const client = new Client(address, secured, options);
  const { Check } = AUTHORIZATION;
  const { Process } = PROCESSOR;
  if (Check === undefined || Process === undefined) throw new Error('the descriptor lacks a method');
  return {
    check: (request, deadlineMs = 10_000) =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          Check.path,
          Check.requestSerialize,
          Check.responseDeserialize,
          request,
          new Metadata(),
          { deadline: Date.now() + deadlineMs },
          (error: ServiceError | null, response?: unknown) =>
            error === null ? resolve(response as CheckResponse) : reject(error),
        );
      }),
    process: (said = { 'writ-service': 'shop' }) => {
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(said)) metadata.set(name, value);
      const stream = client.makeBidiStreamRequest(
        Process.path,
        Process.requestSerialize,
        Process.responseDeserialize,
        metadata,
      ) as ClientDuplexStream<ProcessingRequest, ProcessingResponse>;
      return streamOf(stream);
    },
    close: () => client.close(),
  };
}

function streamOf(stream: ClientDuplexStream<ProcessingRequest, ProcessingResponse>): ProcessStream {
  let failure: Error | undefined;
  const waiting: { resolve: (reply: ProcessingResponse) => void; reject: (error: Error) => void }[] = [];
  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.splice(0)) reject(failure);
  };
  stream.on('data', (reply: ProcessingResponse) => waiting.shift()?.resolve(reply));
  stream.on('error', fail);
  stream.on('end', () => fail(new Error('the stream is over')));
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        waiting.push({ resolve, reject });
        stream.write(message);
      }),
    cancel: () => stream.cancel(),
  };
}

interface Sent {
  readonly method?: string;
  readonly target?: string;
  readonly authorization?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

/** Returns the headers of a request as Envoy lists them. */
export function listOf({ method = 'GET', target = '/orders/17', headers = [], ...sent }: Sent = {}): HeaderValue[] {
  const { authorization = 'Bearer caller', body } = sent;
  const all: (readonly [string, string])[] = [
    [':authority', 'shop.example'],
    [':path', target],
    [':method', method],
    [':scheme', 'http'],
    ...(authorization === '' ? [] : [['authorization', authorization] as const]),
    ...headers,
    ...(body === undefined
      ? []
      : ([
          ['content-type', 'application/json'],
          ['content-length', String(body.length)],
        ] as const)),
    ['x-forwarded-proto', 'http'],
    ['x-request-id', '2ebafee5-995b-487f-b3fd-d5e2c2231ced'],
  ];
  return all.map(([key, value]) => ({ key, rawValue: Buffer.from(value, 'latin1') }));
}

/** Returns a check as Envoy sends it with `encode_raw_headers` and `pack_as_bytes`. */
export function checkOf(sent: Sent = {}, service = 'shop'): CheckRequest {
  const { method = 'GET', target = '/orders/17', body } = sent;
  const partial = { key: 'x-envoy-auth-partial-body', rawValue: Buffer.from('false') };
  return {
    attributes: {
      source: { address: { socketAddress: { address: '192.0.2.7' } } },
      contextExtensions: { service, body: 'whole' },
      request: {
        http: {
          ...{ method, path: target, host: 'shop.example', scheme: 'http' },
          headerMap: { headers: [...listOf(sent), ...(body === undefined ? [] : [partial])] },
          ...(body === undefined ? {} : { rawBody: Buffer.from(body) }),
        },
      },
    },
  };
}

/** Returns the first message of a stream as Envoy sends it. */
export function headOf(sent: Sent = {}, modes = { requestBodyMode: 2, responseBodyMode: 2 }): ProcessingRequest {
  return {
    requestHeaders: { headers: { headers: listOf(sent) }, endOfStream: sent.body === undefined },
    attributes: {
      'envoy.filters.http.ext_proc': { fields: { 'source.address': { stringValue: '192.0.2.7:4711' } } },
    },
    protocolConfig: modes,
  };
}

/** Returns the head of an answer as Envoy sends it. */
export function answerOf(status: number, headers: Readonly<Record<string, string>> = {}): ProcessingRequest {
  const all = Object.entries({ ':status': String(status), ...headers });
  return {
    responseHeaders: { headers: { headers: all.map(([key, value]) => ({ key, rawValue: Buffer.from(value) })) } },
  };
}
