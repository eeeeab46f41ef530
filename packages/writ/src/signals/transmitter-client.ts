import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseJson } from '@writ/cedar/json';
import { defined } from '@writ/sdk/lib/defined';
import { z } from 'zod';
import { SetError, StreamError } from './errors.js';
import { REQUESTED } from './event-types.js';
import type { SignalStream } from './stream.js';

const PUSH = 'urn:ietf:rfc:8935';
const POLL = 'urn:ietf:rfc:8936';
const TIMEOUT_MS = 10_000;
const MAX_BODY = 4 * 2 ** 20;
const MAX_EVENTS = 100;
/** After an error it is waited longer each time, up to the second. */
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 60_000;

interface TransmitterOptions {
  readonly issuer: string;
  /** The value of the `Authorization` header that it is asked with. */
  readonly authorization: string | undefined;
  /** The address to poll; undefined if it pushes events, or its stream names the address. */
  readonly pollEndpoint: string | undefined;
  readonly delivery: 'push' | 'poll';
  /** The address that it pushes events to, and the `Authorization` that it sends. */
  readonly push: { readonly url: string; readonly authorization: string | undefined } | undefined;
  /** Whether the stream is made, and verified, through its API. */
  readonly manages: boolean;
  /** Milliseconds between two polls, and two verifications. */
  readonly every: number;
  readonly verifyEvery: number;
}

const metadataShape = z.looseObject({
  issuer: z.string(),
  jwks_uri: z.url().optional(),
  configuration_endpoint: z.url().optional(),
  verification_endpoint: z.url().optional(),
  critical_subject_members: z.array(z.string()).optional(),
});
type TransmitterMetadata = z.output<typeof metadataShape>;

const streamShape = z.looseObject({
  stream_id: z.string().min(1),
  delivery: z.looseObject({ method: z.string(), endpoint_url: z.string().optional() }).optional(),
});
const polledShape = z.looseObject({
  sets: z.record(z.string(), z.string()).default({}),
  moreAvailable: z.boolean().optional(),
});

/**
 * The configuration of a transmitter (SSF 1.0, section 7.1).
 *
 * @throws {StreamError} when it does not answer, or says that it is another
 */
export async function transmitterMetadata(issuer: string, authorization?: string): Promise<TransmitterMetadata> {
  const { origin, pathname } = new URL(issuer);
  const url = `${origin}/.well-known/ssf-configuration${pathname === '/' ? '' : pathname}`;
  const { body } = await ask('GET', url, authorization);
  const metadata = readAs(metadataShape, body, url);
  if (metadata.issuer !== issuer)
    throw new StreamError(`${url} is the configuration of ${metadata.issuer}`, undefined, 'stream_is_another');
  return metadata;
}

/** Keeps one stream going: makes it when it is asked to, fetches its events or waits for them, and has it verified. */
export class TransmitterClient {
  private readonly closing = new AbortController();
  private loops: Promise<unknown>[] = [];
  private pollEndpoint: string | undefined;
  private ack: string[] = [];
  private setErrs: Record<string, { err: string; description: string }> = {};

  /** @param failed receives each failure that will be tried again */
  constructor(
    private readonly options: TransmitterOptions,
    private readonly stream: SignalStream,
    private readonly failed: (error: Error) => void,
  ) {
    this.pollEndpoint = options.pollEndpoint;
  }

  start(): void {
    const { manages, delivery, every, verifyEvery } = this.options;
    if (manages) this.loops.push(this.repeat(verifyEvery, () => this.manage()));
    if (delivery === 'poll') this.loops.push(this.repeat(every, () => this.poll()));
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.allSettled(this.loops);
  }

  private async repeat(every: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.closing;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await work();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.failed(error as Error);
        failures += 1;
      }
      const wait = failures === 0 ? every : Math.min(FIRST_WAIT_MS * 2 ** failures, MAX_WAIT_MS);
      await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Creates the stream if it is not found, then asks for a verification: its event proves that events get through. */
  private async manage(): Promise<void> {
    const { issuer } = this.options;
    const metadata = await transmitterMetadata(issuer, this.options.authorization);
    const { configuration_endpoint: configuration, verification_endpoint: verification } = metadata;
    if (configuration === undefined) throw new StreamError(`${issuer} has no configuration_endpoint`);
    const streamId = this.stream.streamId ?? (await this.create(configuration));
    // After a restart the stream is known, and where its events are is not.
    if (this.options.delivery === 'poll' && this.pollEndpoint === undefined)
      await this.findEndpoint(configuration, streamId);
    if (verification === undefined) return;
    const state = randomUUID();
    this.stream.expect(state);
    const { status } = await this.ask('POST', verification, { stream_id: streamId, state });
    // The stream is gone there: the next attempt creates it again.
    if (status === 404) await this.stream.setState({ streamId: undefined });
  }

  private async create(configuration: string): Promise<string> {
    const { push, delivery } = this.options;
    const wanted = {
      events_requested: REQUESTED,
      description: 'Writ',
      delivery:
        delivery === 'poll' || push === undefined
          ? { method: POLL }
          : {
              method: PUSH,
              endpoint_url: push.url,
              ...(push.authorization === undefined ? {} : { authorization_header: push.authorization }),
            },
    };
    const made = await this.ask('POST', configuration, wanted);
    // One stream is all that some give; it is the one that was made before.
    const body = made.status === 409 ? (await this.ask('GET', configuration)).body : made.body;
    const streamId = this.learn(body, configuration);
    await this.stream.setState({ streamId });
    return streamId;
  }

  private async findEndpoint(configuration: string, streamId: string): Promise<void> {
    const url = `${configuration}?${new URLSearchParams({ stream_id: streamId })}`;
    const { status, body } = await this.ask('GET', url);
    if (status < 400) {
      this.learn(body, url);
      return;
    }
    await this.stream.setState({ streamId: undefined });
    throw new StreamError(`${url} answered ${status}: the stream is made anew`);
  }

  /** Reads the state of a stream. @returns its id */
  private learn(body: unknown, url: string): string {
    const [first] = Array.isArray(body) ? body : [body];
    const { stream_id: streamId, delivery } = readAs(streamShape, first, url);
    if (this.options.delivery === 'poll') this.pollEndpoint = delivery?.endpoint_url ?? this.pollEndpoint;
    return streamId;
  }

  /** Polls (RFC 8936). An acknowledged event is on disk. */
  private async poll(): Promise<void> {
    if (this.pollEndpoint === undefined) return;
    for (let isMore = true; isMore && !this.closing.signal.aborted; ) {
      const [ack, setErrs] = [this.ack, this.setErrs];
      const asked = { maxEvents: MAX_EVENTS, returnImmediately: true, ack, setErrs };
      const { status, body } = await this.ask('POST', this.pollEndpoint, asked);
      if (status >= 400) throw new StreamError(`${this.pollEndpoint} answered ${status}`);
      this.ack = this.ack.filter((jti) => !ack.includes(jti));
      if (this.setErrs === setErrs) this.setErrs = {};
      const { sets, moreAvailable = false } = readAs(polledShape, body, this.pollEndpoint);
      for (const [jti, text] of Object.entries(sets)) await this.takePolled(jti, text);
      await this.stream.heard();
      // Accepted events are acknowledged with the next poll, which is soon.
      isMore = moreAvailable && Object.keys(sets).length > 0;
    }
  }

  private async takePolled(jti: string, text: string): Promise<void> {
    try {
      await this.stream.take(text);
      this.ack.push(jti);
    } catch (error) {
      if (!(error instanceof SetError) || error.problem === 'keys_unreachable') throw error;
      this.failed(error);
      this.setErrs = { ...this.setErrs, [jti]: { err: error.problem, description: error.message } };
    }
  }

  private ask(method: string, url: string, body?: object): Promise<Asked> {
    return ask(method, url, this.options.authorization, body, this.closing.signal);
  }
}

interface Asked {
  readonly status: number;
  readonly body: unknown;
}

async function ask(
  method: string,
  url: string,
  authorization: string | undefined,
  body?: object,
  closing?: AbortSignal,
): Promise<Asked> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  let text = '';
  try {
    response = await fetch(url, {
      method,
      redirect: 'error',
      signal: closing === undefined ? timeout : AbortSignal.any([timeout, closing]),
      headers: {
        Accept: 'application/json',
        ...defined({ Authorization: authorization }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for await (const part of response.body ?? []) {
      text += Buffer.from(part).toString('latin1');
      if (text.length > MAX_BODY) throw new StreamError(`${url} answered with more than ${MAX_BODY} bytes`);
    }
  } catch (cause) {
    if (cause instanceof StreamError) throw cause;
    throw new StreamError(`${url} does not answer`, { cause });
  }
  const { status } = response;
  if (status >= 400 && status !== 404 && status !== 409) throw new StreamError(`${url} answered ${status}`);
  if (text === '' || status >= 400) return { status, body: undefined };
  try {
    return { status, body: parseJson(Buffer.from(text, 'latin1').toString('utf8'), { mode: 'wire' }) };
  } catch (cause) {
    throw new StreamError(`${url} did not answer with JSON that has one reading`, { cause });
  }
}

function readAs<Shape extends z.ZodType>(shape: Shape, body: unknown, url: string): z.output<Shape> {
  const read = shape.safeParse(body);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new StreamError(`${url}: ${issue?.path.join('.')}: ${issue?.message}`);
}
