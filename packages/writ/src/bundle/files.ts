import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join, relative, resolve, sep } from 'node:path';
import { Findings } from './check/findings.js';
import { FOLDERS, NAMED_FILES, namedFiles, SCHEMA_FILE } from './contents.js';
import { BundleError } from './errors.js';
import { versionOf } from './version.js';

/** The files of a bundle: those that contents.ts lists, and nothing else of the folder (servers, data, node_modules). */
export interface BundleFiles {
  readonly root: string;
  /** The text by the path from the root, with `/`. In order of path. */
  readonly texts: ReadonlyMap<string, string>;
  /** `sha256:` over the paths and contents: the policy version that every decision names. */
  readonly version: string;
  /** The paths of files that look like files of a bundle, and are not. */
  readonly unread: readonly string[];
}

/** Reads the files of a bundle. @throws {BundleError} if there is no such folder, or it has no `writ.yaml` */
export function readBundleFiles(folder: string): BundleFiles {
  const root = resolve(folder);
  const { read, unread } = pathsOf(root);
  const texts = new Map(read.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
  const settings = NAMED_FILES.settings.file;
  if (!texts.has(settings)) {
    const findings = new Findings(texts);
    const message = `there is no bundle in ${root}: it has no ${settings}`;
    findings.of('bundle/missing').in(join(root, settings)).error(message, 'make one with `writ init`', []);
    throw new BundleError(findings.all);
  }
  return { root, texts, version: versionOf(texts), unread };
}

interface Paths {
  readonly read: readonly string[];
  readonly unread: readonly string[];
}

function pathsOf(root: string): Paths {
  const named = namedFiles();
  const read = named.filter((name) => statSync(join(root, name), { throwIfNoEntry: false })?.isFile());
  const unread = filesIn(root, false).filter((path) => !named.includes(path) && looksLikeOneOf(named, path));
  for (const [folder, { extension }] of Object.entries(FOLDERS)) {
    for (const path of filesIn(join(root, folder), true).map((inner) => `${folder}/${inner}`)) {
      if (path.endsWith(extension)) read.push(path);
      else if (EXTENSIONS.has(extname(path))) unread.push(path);
    }
  }
  return { read: read.sort(), unread: unread.sort() };
}

const EXTENSIONS: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json', '.cedar', extname(SCHEMA_FILE)]);

/** The root holds other things also, so only policies and other spellings of known names are remarked on there. */
function looksLikeOneOf(named: readonly string[], path: string): boolean {
  const extension = extname(path);
  if (!EXTENSIONS.has(extension)) return false;
  if (extension === '.cedar' || extension === extname(SCHEMA_FILE)) return true;
  const stem = basename(path, extension).toLowerCase();
  return named.some((name) => basename(name, extname(name)) === stem);
}

/** Returns the paths of the files of a folder, from it, with `/`; none if there is no such folder. */
function filesIn(folder: string, recursive: boolean): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder, { recursive, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
}
