import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LAST_GOOD_FILE } from '../store/files.js';
import type { BundleFiles } from './files.js';
import { versionOf } from './version.js';

/**
 * The last bundle that was decided with, kept so that a service can start when the newest one cannot be used. Written whole or
 * not at all, and accepted only if its contents have its version.
 */

const shape = z.object({ version: z.string(), root: z.string(), texts: z.array(z.tuple([z.string(), z.string()])) });

/** A bundle that is written beside the last good one, to become it. */
export interface NextLastGood {
  /** Makes it the last good one. @throws {Error} when that fails; the one before is kept then */
  keep(): void;
  /** Makes the one before the last good one again. */
  undo(): void;
  /** Removes the files that are not needed any more. */
  end(): void;
}

/**
 * Writes a bundle to the disk, to become the last good one.
 *
 * @param folder of the service's data
 * @throws {Error} when it cannot be written
 */
export function writeLastGood(folder: string, { version, root, texts }: Omit<BundleFiles, 'unread'>): NextLastGood {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, LAST_GOOD_FILE);
  const [next, before] = [`${path}.new`, `${path}.old`];
  writeWhole(next, JSON.stringify({ version, root, texts: [...texts] }));
  const isFirst = !existsSync(path);
  if (!isFirst) copyFileSync(path, before);
  const undo = (): void => {
    if (isFirst) rmSync(path, { force: true });
    else renameSync(before, path);
  };
  return {
    keep() {
      renameSync(next, path);
      try {
        syncFolder(folder);
      } catch (error) {
        undo();
        throw error;
      }
    },
    undo,
    end() {
      for (const file of [next, before]) rmSync(file, { force: true });
    },
  };
}

function writeWhole(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes a rename in a folder durable. */
function syncFolder(folder: string): void {
  const directory = openSync(folder, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Returns the bundle that was kept; undefined if it is not found, or its contents have changed. */
export function lastGood(folder: string): BundleFiles | undefined {
  try {
    const kept = shape.safeParse(JSON.parse(readFileSync(join(folder, LAST_GOOD_FILE), 'utf8')));
    if (!kept.success) return undefined;
    const { version, root } = kept.data;
    const texts = new Map(kept.data.texts);
    return versionOf(texts) === version ? { version, root, texts, unread: [] } : undefined;
  } catch {
    return undefined;
  }
}
