import { z } from 'zod';
import { RECORD_VERSION } from './entry-text.js';
import { base, recordShape } from './record-shape.js';

const KINDS = z.enum(['decision', 'outcome', 'search', 'change']);
const sealed = z
  .strictObject({
    v: base.v,
    kind: KINDS,
    id: base.id,
    time: base.time,
    result: z.string().optional(),
    sealed: z.strictObject({ keys: z.array(z.string()).min(1), data: z.base64() }),
  })
  .describe(
    'An entry about people who can be erased: nonce, ciphertext and tag of AES-256-GCM under the keys of all of them',
  );

const attached = z
  .strictObject({
    v: base.v,
    kind: KINDS,
    id: base.id,
    time: base.time,
    attached: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int() }),
  })
  .describe('An entry of more than 65,535 bytes: it is beside the log, under its SHA-256');

/** An entry as it stands in the log. */
const entryShape = z.union([...recordShape.options, sealed, attached]);

/** The JSON Schema of entries. */
export function recordSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(entryShape, { io: 'output', unrepresentable: 'any' }),
    title: `Entries of the log of Writ, version ${RECORD_VERSION}`,
  };
}
