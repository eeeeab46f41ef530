import { every } from '@writ/sdk/lib/every';
import { z } from 'zod';
import type { LogReader } from '../../audit/log/log-reader.js';
import type { LogWriter } from '../../audit/log/log-writer.js';
import type { Credentials } from '../../provenance/credentials.js';
import { type Route, route } from '../http/route.js';

export interface LogParts {
  readonly reader: LogReader;
  readonly log: LogWriter;
  readonly credentials: Pick<Credentials, 'verifyOn'>;
  /** Aborted when the service stops: open streams end. */
  readonly closing: AbortSignal;
}

const entry = z.record(z.string(), z.unknown());
/** Bytes that a slow listener may leave unread; past them it is disconnected. */
const MAX_UNSENT = 4 * 2 ** 20;
const HEARTBEAT_MS = 15_000;

/** `/v1/log` and `/v1/stream`: the recorded entries in order, and as they are written. */
export function logRoutes({ reader, log, credentials, closing }: LogParts): Route[] {
  return [
    route({
      method: 'GET',
      url: '/v1/log',
      operationId: 'readLog',
      tag: 'Administration',
      summary: 'Read the log in its order: decisions, outcomes, searches, changes',
      access: { kind: 'area', area: 'log', how: 'read' },
      query: z.object({
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        /** The `next` of the page before. */
        after: z
          .string()
          .regex(/^[0-9]{1,15}\.[0-9]{1,9}$/)
          .optional(),
      }),
      answers: {
        200: {
          description: 'Entries; `next` continues after them',
          shape: z.object({ entries: z.array(entry), next: z.string() }),
        },
      },
      async handle({ query: { limit, after = '0.0' } }) {
        const [seq = 0, index = 0] = after.split('.').map(Number);
        const read = await reader.read({ seq, index }, limit);
        const last = read[read.length - 1]?.position;
        return {
          entries: read.map((one) => one.entry),
          next: last === undefined ? after : `${last.seq}.${last.index}`,
        };
      },
    }),
    route({
      method: 'GET',
      url: '/v1/stream',
      operationId: 'streamLog',
      tag: 'Administration',
      summary: 'Stream entries as they are recorded, as server-sent events',
      access: { kind: 'area', area: 'stream', how: 'read' },
      answers: { 200: { description: 'Events named by the kind of entry', contentType: 'text/event-stream' } },
      handle({ reply, request }) {
        const raw = reply.hijack();
        const { authorization = '' } = request.headers;
        const holdsKey = (): boolean => credentials.verifyOn(request.socket, authorization) !== undefined;
        const isByKey = holdsKey();
        raw.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
        raw.write(': connected\n\n');
        const stop = log.onTexts((notes, texts) => {
          // A key that ended meanwhile, as a revoked one, shows nothing more.
          if (raw.writableLength > MAX_UNSENT || (isByKey && !holdsKey())) raw.destroy();
          else raw.write(notes.map(({ id, kind }, i) => `id: ${id}\nevent: ${kind}\ndata: ${texts[i]}\n\n`).join(''));
        });
        const beat = (): void => void raw.write(': alive\n\n');
        const stopBeating = every(HEARTBEAT_MS, beat, () => raw.destroy());
        const end = (): void => void raw.end();
        closing.addEventListener('abort', end);
        raw.once('close', () => {
          closing.removeEventListener('abort', end);
          void stopBeating();
          stop();
        });
      },
    }),
  ];
}
