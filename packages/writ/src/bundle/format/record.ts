import { z } from 'zod';
import { durationShape } from '../../lib/duration-shape.js';
import { headerName, typeName } from '../names.js';
import { httpUrl } from './url.js';

/** A witness that signs checkpoints of the log: its address, and its key as `<name>+<key id>+<key>`. */
const witness = z.strictObject({
  url: httpUrl,
  key: z.string().regex(/^\S+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/, 'a key is the line that `writ log witness` prints'),
  required: z
    .boolean()
    .default(false)
    .describe('Whether a start waits until this witness answers, instead of continuing with a warning.'),
});

/** `hash`: a keyed hash, the same for the same value. `drop`: nothing of it. */
const as = z.enum(['hash', 'drop']).default('hash');

const PATH = /^(input|context|subject|resource|ledger|facts)(\.[^.\s]+)+$/;

/** The parts of a request that are masked on the record. */
const mask = z.union([
  z.strictObject({
    path: z
      .string()
      .regex(PATH, 'a path begins with input, context, subject, resource, ledger or facts, as input.password')
      .describe(
        'From one of these, with dots; `*` is any name or place, as in `input.people.*.email` or `facts.User.phone`.',
      ),
    as,
  }),
  /** Masks text that looks like one of these, anywhere in the request. */
  z.strictObject({ class: z.enum(['card', 'iban', 'email']), as }),
]);

const headers = z.record(headerName, z.string()).default({});
/** `record`: the record itself. `ocsf`: an event of OCSF's API Activity. */
const form = z.enum(['record', 'ocsf']).default('ocsf');
const ocsf = z.enum(['1.8.0', '1.9.0-dev']).default('1.8.0');

/** The sinks that the record is exported to as it grows. A text may have `${data}`, and `${env:NAME}` for what is secret. */
const sink = z.discriminatedUnion('to', [
  z.strictObject({ to: z.literal('file'), file: z.string().min(1), form, ocsf }),
  z.strictObject({
    to: z.literal('http'),
    url: z.string().regex(/^https?:\/\//, 'it must be a URL of http or https, as https://siem.example/events'),
    headers,
    form,
    ocsf,
  }),
  z.strictObject({
    to: z.literal('syslog'),
    url: z.string().regex(/^(tcp|tls|udp):\/\/\S+$/, 'it must be a URL of tls, tcp or udp, as tls://siem.example:6514'),
    form,
    ocsf,
  }),
  z.strictObject({
    to: z.literal('otlp'),
    url: z.string().regex(/^https?:\/\//, 'it must be a URL of http or https, as http://collector:4318/v1/logs'),
    headers,
  }),
  z.strictObject({
    to: z.literal('parquet'),
    folder: z.string().min(1),
    entries: z.int().min(1).max(16_384).default(10_000),
    every: durationShape.default('10m'),
  }),
]);

/** How decisions are recorded. */
export const recordShape = z.strictObject({
  durability: z
    .enum(['before-response', 'async'])
    .default('before-response')
    .describe(
      '`before-response`: what is answered is on disk. `async`: a decision that holds nothing (of a budget, a cap, a proof) is answered before it is.',
    ),
  witnesses: z.array(witness).default([]),
  mask: z.array(mask).default([]),
  export: z.record(z.string().regex(/^[\w-]+$/, 'a name is letters, digits, dashes and _'), sink).default({}),
  erasable: z
    .array(typeName)
    .default([])
    .describe(
      'The entity types that are people whose data can be erased: what is recorded of them is encrypted with a key of their own.',
    ),
});

export type RecordSettings = z.output<typeof recordShape>;
/** As a bundle has it that says nothing of it. */
export const RECORD_DEFAULTS: RecordSettings = recordShape.parse({});
