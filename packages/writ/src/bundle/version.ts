import { createHash } from 'node:crypto';

/** The folders of a bundle that no decision depends on: they are no part of its version. */
const UNDECIDED_FOLDERS = ['tests/'];

/** Returns the version of a bundle: a hash over every file that decisions depend on. */
export function versionOf(texts: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [path, text] of texts) {
    if (UNDECIDED_FOLDERS.some((folder) => path.startsWith(folder))) continue;
    hash.update(`${path.length}:${path}${Buffer.byteLength(text)}:${text}`);
  }
  return `sha256:${hash.digest('hex')}`;
}
