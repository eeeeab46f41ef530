import { z } from 'zod';
import { recordShape } from './entries.js';
import { time, ulid, version } from './shapes.js';
import { RECORD_VERSION } from './version.js';

/**
 * The form of what is in the log: one JSON object an entry. docs/record.schema.json is made from it. A field is added without a new
 * version; a field that is removed, or whose meaning changes, makes a new version.
 */

const head = { v: version, kind: z.enum(['decision', 'outcome', 'search', 'change']), id: ulid, time };

const sealed = z
  .strictObject({
    ...head,
    result: z.string().optional(),
    sealed: z.strictObject({ keys: z.array(z.string()).min(1), data: z.base64() }),
  })
  .describe(
    'An entry about people who can be erased: nonce, ciphertext and tag of AES-256-GCM under the keys of all of them',
  );

const attached = z
  .strictObject({
    ...head,
    attached: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int() }),
  })
  .describe('An entry of more than 65,535 bytes: it is beside the log, under its SHA-256');

/** An entry as it stands in the log. */
const entryShape = z.union([...recordShape.options, sealed, attached]);

/** Returns the JSON Schema of entries. */
export function recordSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(entryShape, { io: 'output', unrepresentable: 'any' }),
    title: `Entries of the log of Writ, version ${RECORD_VERSION}`,
  };
}
