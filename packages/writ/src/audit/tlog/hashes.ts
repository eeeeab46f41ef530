import { createHash, hash } from 'node:crypto';

/** A SHA-256 hash: 32 bytes. */
export type Hash = Buffer;

export const HASH_BYTES = 32;
/** Filled again for each node: making a buffer takes longer than hashing one. */
const NODE = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

/** Returns the hash of an entry (RFC 6962, section 2.1): of a zero byte and the entry's bytes. */
export function leafHash(entry: string | Buffer): Hash {
  // A NUL in a string is one zero byte in UTF-8.
  if (typeof entry === 'string') return hash('sha256', `\0${entry}`, 'buffer');
  return createHash('sha256').update('\0').update(entry).digest();
}

/** Returns the hash of two subtrees (RFC 6962, section 2.1). */
export function nodeHash(left: Hash, right: Hash): Hash {
  NODE.set(left, 1);
  NODE.set(right, 1 + HASH_BYTES);
  return hash('sha256', NODE, 'buffer');
}

/** The root of the empty tree: the hash of the empty text. */
export const EMPTY_ROOT: Hash = hash('sha256', '', 'buffer');

/** Returns hashes one after the other, as tiles have them. */
export function joined(hashes: readonly Hash[]): Buffer {
  return Buffer.concat(hashes);
}

/** Returns the hashes of a tile. @throws {RangeError} if the bytes are not whole hashes */
export function split(bytes: Buffer): Hash[] {
  if (bytes.length % HASH_BYTES !== 0) throw new RangeError(`${bytes.length} bytes are no whole number of hashes`);
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, i) => hashAt(bytes, i));
}

export function hashAt(bytes: Buffer, i: number): Hash {
  return bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES);
}
