import { createHmac, type Hmac, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LAST_GOOD_FILE } from '../store/files.js';
import type { StateKey } from '../store/state-key.js';
import { LastGoodError } from './errors.js';
import type { BundleFiles } from './files.js';
import { versionOf } from './version.js';

/**
 * The last bundle that was decided with, kept so that a service can start when the newest one cannot be used. Written whole or
 * not at all, and accepted only with the seal of the service that wrote it: a bundle that lies in the folder is not yet one that
 * was served.
 */

const shape = z.object({
  version: z.string(),
  root: z.string(),
  texts: z.array(z.tuple([z.string(), z.string()])),
  seal: z.string(),
});

/** Begins a keyed hash of parts of a text. Nothing but this service can make it. */
export type Seal = () => Hmac;

/** Returns the seals of kept bundles. */
export function sealOf(key: StateKey): Seal {
  const bytes = key.for('last-good');
  return () => createHmac('sha256', bytes);
}

/** A bundle that is written beside the last good one, to become it. */
export interface NextLastGood {
  /** Makes it the last good one. @throws {Error} when that fails; the one before is kept then */
  keep(): Promise<void>;
  /** Makes the one before the last good one again. */
  undo(): Promise<void>;
  /** Removes the files that are not needed any more. */
  end(): Promise<void>;
}

/** About how many characters one part of the texts has. */
const PART = 32_000;

/** Yields the texts of a bundle as JSON, in parts, so that no thread has to seal or write all of it at once. */
export function* textsOf({ texts }: Pick<BundleFiles, 'texts'>): Generator<Uint8Array> {
  const json = JSON.stringify([...texts]);
  for (let at = 0; at < json.length; ) {
    let end = Math.min(at + PART, json.length);
    // Both halves of a surrogate pair are in one part.
    if (/[\uD800-\uDBFF]/.test(json[end - 1] as string)) end += 1;
    yield Buffer.from(json.slice(at, end));
    at = end;
  }
}

/**
 * Writes a bundle to the disk, to become the last good one.
 *
 * @param folder of the service's data
 * @param texts of {@link textsOf}
 * @throws {Error} when it cannot be written
 */
export async function writeLastGood(
  folder: string,
  { version, root }: Pick<BundleFiles, 'version' | 'root'>,
  texts: Iterable<Uint8Array>,
  seal: Seal,
): Promise<NextLastGood> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, LAST_GOOD_FILE);
  const [next, before] = [`${path}.new`, `${path}.old`];
  const hash = seal().update(sealedHead(version, root));
  const file = await open(next, 'w', 0o600);
  try {
    await file.writeFile(`{"version":${JSON.stringify(version)},"root":${JSON.stringify(root)},"texts":`);
    for (const part of texts) {
      hash.update(part);
      await file.writeFile(part);
    }
    await file.writeFile(`,"seal":${JSON.stringify(sealText(hash))}}`);
    await file.sync();
  } finally {
    await file.close();
  }
  const isFirst = !existsSync(path);
  if (!isFirst) await copyFile(path, before);
  const undo = async (): Promise<void> => {
    if (isFirst) await rm(path, { force: true });
    else await rename(before, path);
  };
  return {
    async keep() {
      await rename(next, path);
      try {
        await syncFolder(folder);
      } catch (error) {
        await undo();
        throw error;
      }
    },
    undo,
    async end() {
      for (const made of [next, before]) await rm(made, { force: true });
    },
  };
}

/** Makes a rename in a folder durable. */
async function syncFolder(folder: string): Promise<void> {
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Returns the part before the texts of what is sealed: `[version, root, texts]` as JSON. */
function sealedHead(version: string, root: string): string {
  return `[${JSON.stringify(version)},${JSON.stringify(root)},`;
}

function sealText(hash: Hmac): string {
  return `hmac-sha256:${hash.update(']').digest('base64url')}`;
}

/**
 * Returns the bundle that was kept; undefined if none was.
 *
 * @param seal undefined if the key of this service is missing
 * @throws {LastGoodError} if the file is not as this service wrote it
 */
export function lastGood(folder: string, seal: Seal | undefined): BundleFiles | undefined {
  const path = join(folder, LAST_GOOD_FILE);
  if (!existsSync(path)) return undefined;
  const kept = keptIn(path);
  if (kept === undefined) throw new LastGoodError(path, 'it is not a bundle that was kept');
  const { version, root } = kept;
  const texts = new Map(kept.texts);
  if (versionOf(texts) !== version) throw new LastGoodError(path, 'its contents are not those of its version');
  const made = Buffer.from(
    seal === undefined
      ? ''
      : sealText(
          seal()
            .update(sealedHead(version, root))
            .update(JSON.stringify([...texts])),
        ),
  );
  const found = Buffer.from(kept.seal);
  if (made.length !== found.length || !timingSafeEqual(made, found))
    throw new LastGoodError(path, 'it does not have the seal of this service');
  return { version, root, texts, unread: [] };
}

function keptIn(path: string): z.output<typeof shape> | undefined {
  try {
    return shape.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
