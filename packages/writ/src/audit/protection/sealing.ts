import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { LogEntry } from '../../decide/record.js';

/** An entry that is about people whose data can be erased: what is said of them is under their keys. */
interface SealedEntry extends Pick<LogEntry, 'kind' | 'id' | 'time'> {
  /** Of a decision. */
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

/** The line of an entry, readable only by whoever has the keys of all the people that it is about. */
export function sealed(entry: LogEntry, text: string, keys: readonly PersonKey[]): string {
  const { kind, id, time } = entry;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', entryKey(id, keys), nonce).setAAD(Buffer.from(`${kind} ${id}`));
  const data = Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64');
  const clear = entry.kind === 'decision' ? { kind, id, time, result: entry.result } : { kind, id, time };
  const line: SealedEntry = { ...clear, sealed: { keys: keys.map((key) => key.id), data } };
  return JSON.stringify({ v: 1, ...line });
}

export function isSealed(entry: unknown): entry is SealedEntry {
  return typeof (entry as { sealed?: unknown } | null)?.sealed === 'object';
}

/**
 * The text of a sealed entry; undefined when one of its keys is no more.
 *
 * @throws when it was changed
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

/** A key for this entry alone, which all of the people's keys are needed for. */
function entryKey(id: string, keys: readonly PersonKey[]): Buffer {
  return keys.reduce(
    (secret, { key }) => createHmac('sha256', key).update(secret).digest(),
    Buffer.from(`writ record ${id}`),
  );
}
