import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { textOf } from '../lib/text-file.js';
import { Findings } from './check/findings.js';
import { NAMED_FILES } from './contents.js';
import { BundleError } from './errors.js';
import { pathsIn, type Unread } from './folder.js';
import { checkSizes } from './limits.js';
import { overlayFile } from './overlay-name.js';
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
 * @param environment the one whose overlay is one of them; undefined for none
 * @throws {BundleError} if there is no such folder, it has no `writ.yaml`, no overlay of the environment, or it is too large
 * @throws {TextError} if a file is not UTF-8
 */
export function readBundleFiles(folder: string, environment?: string): BundleFiles {
  const root = resolve(folder);
  const { read, unread, environments } = pathsIn(root, environment);
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
  if (environment !== undefined && !environments.includes(environment))
    throw noEnvironment(root, environment, environments);
  return { root, texts, version: versionOf(texts), unread };
}

/** Returns the environments of a bundle: the names of its overlays. */
export function environmentsOf(folder: string): readonly string[] {
  return pathsIn(resolve(folder), undefined).environments;
}

function noEnvironment(root: string, environment: string, environments: readonly string[]): BundleError {
  const findings = new Findings(new Map());
  const known = environments.length === 0 ? 'it has no writ.NAME.yaml' : `it has ${environments.join(', ')}`;
  const message = `the bundle has no environment ${JSON.stringify(environment)}: ${known}`;
  const help = 'name one of them with --env or WRIT_ENV, or add its file';
  findings
    .of('bundle/no-environment')
    .in(join(root, overlayFile(environment) ?? 'writ.NAME.yaml'))
    .error(message, help, []);
  return new BundleError(findings.all);
}
