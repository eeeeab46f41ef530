import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { textOf } from '../lib/text-file.js';
import { Findings } from './check/findings.js';
import { NAMED_FILES } from './contents.js';
import { BundleError } from './errors.js';
import { pathsIn, type Unread } from './folder.js';
import { checkSizes } from './limits.js';
import { versionOf } from './version.js';

/** The files of a bundle: those that contents.ts lists, and nothing else of the folder (servers, data, node_modules). */
export interface BundleFiles {
  readonly root: string;
  /** The text by the path from the root, with `/`. In order of path. */
  readonly texts: ReadonlyMap<string, string>;
  /** `sha256:` over the paths and contents: the policy version that every decision names. */
  readonly version: string;
  /** The files and folders that look like a part of the bundle, and are not read. */
  readonly unread: readonly Unread[];
}

/**
 * Reads the files of a bundle.
 *
 * @throws {BundleError} if there is no such folder, it has no `writ.yaml`, or it is too large
 * @throws {TextError} if a file is not UTF-8
 */
export function readBundleFiles(folder: string): BundleFiles {
  const root = resolve(folder);
  const { read, unread } = pathsIn(root);
  const sizes = new Findings(new Map());
  checkSizes(new Map(read.map((path) => [path, statSync(join(root, path)).size])), sizes);
  if (sizes.hasErrors) throw new BundleError(sizes.all);
  const texts = new Map(read.map((path) => [path, textOf(readFileSync(join(root, path)), join(root, path))]));
  const settings = NAMED_FILES.settings.file;
  if (!texts.has(settings)) {
    const findings = new Findings(texts);
    const message = `there is no bundle in ${root}: it has no ${settings}`;
    findings.of('bundle/missing').in(join(root, settings)).error(message, 'make one with `writ init`', []);
    throw new BundleError(findings.all);
  }
  return { root, texts, version: versionOf(texts), unread };
}
