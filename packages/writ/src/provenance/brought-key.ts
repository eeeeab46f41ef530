import { closeSync, openSync, readSync } from 'node:fs';
import { CREDENTIALS } from '../lib/known-credentials.js';
import { BroughtKeyError } from './errors.js';
import { weaknessOf } from './key-strength.js';

/** A key that comes from outside Writ: from a file, as a secret of Kubernetes is, or from a variable of the environment. */
export interface BroughtKey {
  readonly file?: string | undefined;
  readonly env?: string | undefined;
  /** How long the key before it still counts, in milliseconds. */
  readonly overlapMs: number;
}

/** A longer file is no key. */
const MAX_BYTES = 4_096;

/** Returns the source of a key, for the record and for messages. */
export function sourceOf({ file, env }: BroughtKey): string {
  return file === undefined ? `env:${env}` : `file:${file}`;
}

/**
 * Reads a key that is brought in.
 *
 * @param holder its name, for messages
 * @throws {BroughtKeyError} if it is not there, or too weak
 */
export function readBroughtKey(brought: BroughtKey, holder: string, env: NodeJS.ProcessEnv = process.env): string {
  const source = sourceOf(brought);
  const text = brought.file === undefined ? env[brought.env ?? ''] : textIn(brought.file, holder);
  if (text === undefined)
    throw new BroughtKeyError(
      `the key of ${holder} is brought in from ${source}, and there is no such variable`,
      'set it where `writ start` runs',
    );
  const key = text.trim();
  const weakness = weaknessOf(key);
  if (weakness !== undefined) throw new BroughtKeyError(`the key of ${holder} in ${source} is refused: ${weakness}`);
  CREDENTIALS.add(key);
  return key;
}

function textIn(file: string, holder: string): string {
  try {
    const from = openSync(file, 'r');
    try {
      const bytes = Buffer.alloc(MAX_BYTES + 1);
      const length = readSync(from, bytes, 0, bytes.length, 0);
      if (length > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
      return bytes.toString('utf8', 0, length);
    } finally {
      closeSync(from);
    }
  } catch (cause) {
    throw new BroughtKeyError(
      `the key of ${holder} is brought in from file:${file}, which cannot be read: ${(cause as Error).message}`,
      'mount the secret there, or name another file in writ.yaml',
      { cause },
    );
  }
}
