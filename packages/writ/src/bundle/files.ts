import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { BundleError } from './errors.js';

/** The files of a bundle: what is decided with, and nothing else of the folder (servers, data, node_modules). */
export interface BundleFiles {
  readonly root: string;
  /** Path from the root, with `/`, to the text. In order of path. */
  readonly texts: ReadonlyMap<string, string>;
  /** `sha256:` over the paths and contents: the policy version that every decision names. */
  readonly version: string;
}

const NAMED = [
  'writ.yaml',
  'schema.cedarschema',
  'ledger.yaml',
  'tools.yaml',
  'tasks.yaml',
  'facts.yaml',
  'obligations.yaml',
  'access.yaml',
];
const FOLDERS = {
  policies: '.cedar',
  service: '.cedar',
  mappings: '.yaml',
  entities: '.json',
  tests: '.yaml',
} as const;

/** @throws {BundleError} when there is no such folder or it has no `writ.yaml` */
export function readBundleFiles(folder: string): BundleFiles {
  const root = resolve(folder);
  const texts = new Map<string, string>();
  for (const path of pathsOf(root)) texts.set(path, readFileSync(join(root, path), 'utf8'));
  if (!texts.has('writ.yaml')) {
    const message = `there is no bundle in ${root}: it has no writ.yaml`;
    throw new BundleError([{ severity: 'error', file: join(root, 'writ.yaml'), line: 1, column: 1, message }]);
  }
  return { root, texts, version: versionOf(texts) };
}

/** What the files are called by: a hash over all that is decided with. */
export function versionOf(texts: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [path, text] of texts) {
    if (!path.startsWith('tests/')) hash.update(`${path.length}:${path}${Buffer.byteLength(text)}:${text}`);
  }
  return `sha256:${hash.digest('hex')}`;
}

function pathsOf(root: string): string[] {
  const paths = NAMED.filter((name) => statSync(join(root, name), { throwIfNoEntry: false })?.isFile());
  for (const [folder, extension] of Object.entries(FOLDERS)) {
    if (!statSync(join(root, folder), { throwIfNoEntry: false })?.isDirectory()) continue;
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && entry.name.endsWith(extension)) {
        paths.push(relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
      }
    }
  }
  return paths.sort();
}
