import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { LogEntry } from '../../decide/record.js';
import { RECORD_VERSION } from '../../record/version.js';

/** An entry about people whose data can be erased: its text is encrypted under their keys. */
interface SealedEntry extends Pick<LogEntry, 'kind' | 'id' | 'time'> {
  /** The result, of a decision. */
  readonly result?: string;
  readonly sealed: {
    /** The ids of the keys that are all needed, in order. */
    readonly keys: readonly string[];
    /** Nonce, ciphertext and tag of AES-256-GCM, base64. */
    readonly data: string;
  };
}

export interface PersonKey {
  readonly id: string;
  readonly key: Buffer;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Returns the line of an entry that only the keys of all its people open. */
export function sealed(entry: LogEntry, text: string, keys: readonly PersonKey[]): string {
  const { kind, id, time } = entry;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', entryKey(id, keys), nonce).setAAD(Buffer.from(`${kind} ${id}`));
  const data = Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64');
  const clear = entry.kind === 'decision' ? { kind, id, time, result: entry.result } : { kind, id, time };
  const line: SealedEntry = { ...clear, sealed: { keys: keys.map((key) => key.id), data } };
  return JSON.stringify({ v: RECORD_VERSION, ...line });
}

export function isSealed(entry: unknown): entry is SealedEntry {
  return typeof (entry as { sealed?: unknown } | null)?.sealed === 'object';
}

/**
 * Returns the text of a sealed entry; undefined if one of its keys was destroyed.
 *
 * @throws if the entry was changed
 */
export async function opened(
  { kind, id, sealed: { keys: ids, data } }: SealedEntry,
  find: (keyId: string) => Promise<Buffer | undefined>,
): Promise<string | undefined> {
  const keys: PersonKey[] = [];
  for (const keyId of ids) {
    const key = await find(keyId);
    if (key === undefined) return undefined;
    keys.push({ id: keyId, key });
  }
  const bytes = Buffer.from(data, 'base64');
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', entryKey(id, keys), nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(`${kind} ${id}`))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString();
}

/** Returns a key for this entry alone, derived from the keys of all its people. */
function entryKey(id: string, keys: readonly PersonKey[]): Buffer {
  return keys.reduce(
    (secret, { key }) => createHmac('sha256', key).update(secret).digest(),
    Buffer.from(`writ record ${id}`),
  );
}
