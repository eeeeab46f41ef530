import { type Dirent, readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { closest } from '@writ/cedar';
import { FOLDERS, type Folder, namedFiles, SCHEMA_FILE } from './contents.js';
import { environmentOf, overlayFile } from './overlay-name.js';

/** A file or a folder that lies in a bundle, and that nothing reads. */
export interface Unread {
  readonly path: string;
  /** The rules of a bundle: a forbid that is passed over permits. */
  readonly isAmongPolicies: boolean;
  /** The path that would be read; undefined if no name is near. */
  readonly meant: string | undefined;
}

/** The paths in a bundle, from its root, with `/`, in order. */
interface Paths {
  readonly read: readonly string[];
  readonly unread: readonly Unread[];
  /** The environments that the bundle has an overlay of. Of these the chosen one is read. */
  readonly environments: readonly string[];
}

/** Finds the files of a bundle, and those that an author may think to be of it. @param environment the one that is chosen */
export function pathsIn(root: string, environment: string | undefined): Paths {
  const named = namedFiles();
  const environments = entriesOf(root)
    .filter((entry) => kindOf(root, entry) === 'file')
    .map(({ name }) => environmentOf(name))
    .filter((name) => name !== undefined)
    .sort();
  const read = named.filter((name) => statSync(join(root, name), { throwIfNoEntry: false })?.isFile());
  if (environment !== undefined && environments.includes(environment)) read.push(overlayFile(environment) as string);
  const unread = rootEntries(root).filter(
    ({ path }) => !named.includes(path) && !Object.hasOwn(FOLDERS, path) && environmentOf(path) === undefined,
  );
  for (const [folder, { extension, also = extension }] of Object.entries<Folder>(FOLDERS)) {
    for (const { path, isFile } of entriesBelow(root, folder)) {
      if (isFile && (path.endsWith(extension) || path.endsWith(also))) read.push(path);
      else if (isOrdinary(basename(path))) continue;
      else if (POLICY_FOLDERS.has(folder) || EXTENSIONS.has(extname(path).toLowerCase()) || !isFile)
        unread.push({ path, isAmongPolicies: POLICY_FOLDERS.has(folder), meant: renamed(path, extension) });
    }
  }
  return { read: read.sort(), unread: unread.sort((a, b) => (a.path < b.path ? -1 : 1)), environments };
}

const POLICY_FOLDERS: ReadonlySet<string> = new Set(['policies', 'service'] satisfies (keyof typeof FOLDERS)[]);
const EXTENSIONS: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json', '.cedar', extname(SCHEMA_FILE)]);
/** The extensions that only Cedar has, so that a folder with one is of a bundle, whatever its name. */
const CEDAR: ReadonlySet<string> = new Set(['.cedar', extname(SCHEMA_FILE)]);
/** The files of other tools that stand at the root of many projects, and are data too. */
const OF_OTHERS =
  /^(package|package-lock|tsconfig.*|biome|deno|compose|docker-compose.*|pnpm-.*|renovate|mcp|server)\./;

/** A text for people, and what editors, version control and a mounted ConfigMap leave: `..data`, `.gitkeep`, a swap file. */
function isOrdinary(name: string): boolean {
  return /^(README|LICEN[CS]E|NOTICE|CHANGELOG)/i.test(name) || (name.startsWith('.') && !name.endsWith('.cedar'));
}

function renamed(path: string, extension: string): string | undefined {
  const found = extname(path);
  const stem = path.slice(0, path.length - found.length);
  const isNear = found.toLowerCase() === extension || (extension === '.yaml' && found.toLowerCase() === '.yml');
  return isNear ? `${stem}${extension}` : undefined;
}

/** The entries of the root that look like a file or a folder of a bundle. The root may hold other things also. */
function rootEntries(root: string): Unread[] {
  return entriesOf(root).flatMap((entry): Unread[] => {
    const { name } = entry;
    const kind = kindOf(root, entry);
    if (isOrdinary(name) || kind === undefined) return [];
    const [isFile, meant] = [kind === 'file', nearName(name, kind)];
    const isRemarkedOn = isFile
      ? EXTENSIONS.has(extname(name).toLowerCase())
        ? !OF_OTHERS.test(name)
        : meant !== undefined
      : holdsOne(join(root, name), meant === undefined ? CEDAR : EXTENSIONS);
    return isRemarkedOn ? [{ path: name, isAmongPolicies: false, meant }] : [];
  });
}

/** Returns the name of a bundle that a name at its root may stand for. */
function nearName(name: string, kind: 'file' | 'folder'): string | undefined {
  const [folders, stem] = [Object.keys(FOLDERS), basename(name, extname(name))];
  const folder = closest(kind === 'file' ? stem : name, folders, mostEdits);
  if (kind === 'folder') return folder;
  const files = namedFiles();
  const stems = files.map((file) => basename(file, extname(file)));
  const file = files[stems.indexOf(closest(stem, stems, mostEdits) ?? '')];
  return file ?? (folder === undefined ? undefined : `${folder}/${name}`);
}

/** Three edits lead from `policy` to `policies`. */
const mostEdits = ({ length }: string): number => (length >= 8 ? 3 : 2);

const MAX_LOOKED_AT = 2000;

/** Returns whether a folder holds a file with one of these extensions, at any depth. Looks at a bounded number of entries. */
function holdsOne(folder: string, extensions: ReadonlySet<string>): boolean {
  const folders = [folder];
  let looked = 0;
  for (let next = folders.pop(); next !== undefined && looked < MAX_LOOKED_AT; next = folders.pop()) {
    for (const entry of entriesOf(next)) {
      looked += 1;
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      if (entry.isDirectory()) folders.push(join(next, entry.name));
      else if (extensions.has(extname(entry.name).toLowerCase())) return true;
    }
  }
  return false;
}

interface Entry {
  readonly path: string;
  /** False for what is neither a file nor a folder, and for a link to a folder, which is not followed. */
  readonly isFile: boolean;
}

/** Returns the entries below a folder that are not folders. A link to a file is the file: that is how a ConfigMap is mounted. */
function entriesBelow(root: string, folder: string): Entry[] {
  return entriesOf(join(root, folder)).flatMap((entry): Entry[] => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name.startsWith('..') ? [] : entriesBelow(root, path);
    return [{ path, isFile: kindOf(join(root, folder), entry) === 'file' }];
  });
}

/** Returns the entries of a folder; none if it is no folder. */
function entriesOf(folder: string): Dirent[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder, { withFileTypes: true });
}

/** Returns what an entry is, or what the link leads to; undefined if it is something else. */
function kindOf(folder: string, entry: Dirent): 'file' | 'folder' | undefined {
  const found = entry.isSymbolicLink() ? statSync(join(folder, entry.name), { throwIfNoEntry: false }) : entry;
  return found?.isFile() ? 'file' : found?.isDirectory() ? 'folder' : undefined;
}
