import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type BundleFiles, versionOf } from './files.js';

/**
 * The last bundle that was decided with, kept so that a service can start when the newest one cannot be used. Written whole or
 * not at all, and accepted only if its contents have its version.
 */

const FILE = 'last-good.json';
const shape = z.object({ version: z.string(), root: z.string(), texts: z.array(z.tuple([z.string(), z.string()])) });

/** @param folder of the service's data */
export function keepLastGood(folder: string, { version, root, texts }: Omit<BundleFiles, 'unread'>): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, FILE);
  const file = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeSync(file, JSON.stringify({ version, root, texts: [...texts] }));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
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
    const kept = shape.safeParse(JSON.parse(readFileSync(join(folder, FILE), 'utf8')));
    if (!kept.success) return undefined;
    const { version, root } = kept.data;
    const texts = new Map(kept.data.texts);
    return versionOf(texts) === version ? { version, root, texts, unread: [] } : undefined;
  } catch {
    return undefined;
  }
}
