import { createHash, timingSafeEqual } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { keyedHash } from '@writ/sdk/lib/keyed-hash';
import { replaceFile } from '@writ/sdk/lib/replace-file';
import { z } from 'zod';
import { BackupError } from '../../store/errors.js';
import type { StateKey } from '../../store/state-key.js';

/** The list of the files of a backup. It is written last: a folder without it is not a backup. */

export const MANIFEST_FILE = 'backup.json';
const MAX_BYTES = 1024 * 1024;

const shape = z.strictObject({
  /** The version of this form. */
  form: z.literal(1),
  /** The version of Writ that made it. */
  writ: z.string(),
  at: z.iso.datetime(),
  /** The log: its name, how many entries it has, and its signed checkpoint. */
  log: z.strictObject({ origin: z.string(), size: z.int().min(0), checkpoint: z.string() }),
  /** The SHA-256 of each file, by its path. */
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
});
/** Made with a key of the service: nobody else makes a backup that it restores. */
const sealed = shape.extend({ seal: z.string() });

type Manifest = z.infer<typeof shape>;

export async function writeManifest(
  folder: string,
  said: Omit<Manifest, 'files' | 'form'>,
  key: StateKey,
): Promise<void> {
  const manifest: Manifest = { form: 1, ...said, files: await sumsOf(folder) };
  replaceFile(
    join(folder, MANIFEST_FILE),
    `${JSON.stringify({ ...manifest, seal: sealOf(manifest, key) }, null, 2)}\n`,
  );
}

/**
 * Reads what a backup has, and verifies that its files are those that it was made of.
 *
 * @param key undefined if the key of the service is missing
 * @throws {BackupError} if it is not a backup, was changed, or is of another service
 */
export async function verifiedManifest(folder: string, key: StateKey | undefined): Promise<Manifest> {
  const { seal, ...manifest } = readManifest(folder);
  if (key === undefined)
    throw new BackupError(
      'keys/state.key, by which a backup is recognised, is not there',
      'name the folder of the keys with --keys',
    );
  const [made, given] = [Buffer.from(sealOf(manifest, key)), Buffer.from(seal)];
  if (made.length !== given.length || !timingSafeEqual(made, given))
    throw new BackupError(
      `${join(folder, MANIFEST_FILE)} does not have the seal of this service`,
      'it was changed, or these are the keys of another service: name theirs with --keys',
    );
  const sums = await sumsOf(folder);
  const paths = [...new Set([...Object.keys(manifest.files), ...Object.keys(sums)])];
  const changed = paths.filter((path) => manifest.files[path] !== sums[path]).sort();
  if (changed.length > 0)
    throw new BackupError(
      `${changed.join(', ')} in ${folder} ${changed.length === 1 ? 'is' : 'are'} not as they were backed up`,
      'take another backup: this one was changed, or its disk failed',
    );
  return manifest;
}

/** Reads what a backup says that it has, not verified. @throws {BackupError} if it is not a backup */
export function readManifest(folder: string): z.infer<typeof sealed> {
  const file = join(folder, MANIFEST_FILE);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new BackupError(
      `${folder} is not a backup: ${MANIFEST_FILE} is not in it`,
      'name a folder of `writ data backup`',
      { cause },
    );
  }
  if (text.length > MAX_BYTES) throw new BackupError(`${file} is too large for what it is`);
  const { data, error } = sealed.safeParse(parsed(text));
  if (data === undefined)
    throw new BackupError(
      `${file} cannot be read: ${z.prettifyError(error)}`,
      'a newer version of Writ may have made it: restore it with that version',
    );
  return data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sealOf(manifest: Manifest, key: StateKey): string {
  return keyedHash(key.for('backup'))(JSON.stringify(shape.parse(manifest)));
}

async function sumsOf(folder: string): Promise<Record<string, string>> {
  const sums: Record<string, string> = {};
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1).replaceAll('\\', '/');
    if (entry.isDirectory() || name === MANIFEST_FILE || name.startsWith(`${MANIFEST_FILE}.`)) continue;
    if (!entry.isFile()) throw new BackupError(`${path} is no file`, 'a backup has files and folders alone');
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    sums[name] = hash.digest('hex');
  }
  return Object.fromEntries(Object.entries(sums).sort(([a], [b]) => (a < b ? -1 : 1)));
}
