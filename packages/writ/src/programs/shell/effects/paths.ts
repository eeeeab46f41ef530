import { MOST_DIRECTORIES } from '../limits.js';
import type { Arg } from '../syntax/arg.js';

/** The directories in which a command can run; undefined if the text does not say. The first one is `.`. */
export type Directories = readonly string[] | undefined;

/** Streams, and files that keep nothing. */
const STREAMS = /^\/dev\/(?:null|zero|stdin|stdout|stderr|tty|fd\/\d+)$/;
/** Paths that lead to another file than they say, whatever the links are. */
const ELSEWHERE = /^\/proc\/[^/]+\/(?:cwd|root|fd|task|map_files)(?:\/|$)|^\/dev\/fd\//;

/** The paths, or the directories, that a word names. */
type Place =
  | { readonly kind: 'paths' | 'under'; readonly names: readonly string[]; readonly isElsewhere: boolean }
  | { readonly kind: 'nothing' | 'unresolved' };

/** Returns the place of a word: paths, directories of a pattern, or neither. */
export function placeOf(arg: Arg, directories: Directories): Place {
  if (arg.pipe === true) return { kind: 'nothing' };
  if (arg.base !== undefined && !/^(?:\/|$)/.test(arg.base.rest)) return { kind: 'unresolved' };
  if (arg.base !== undefined)
    return placesIn(`${arg.base.dir}${arg.base.rest}`, 'paths', directories, arg.base.dir === '~');
  if (arg.value !== undefined) return placesIn(arg.value, 'paths', directories, false);
  if (arg.pattern === undefined || arg.pattern.startsWith('~')) return { kind: 'unresolved' };
  // A pattern that begins with a dot may be `..`.
  if (/(?:^|\/)(?:\.[^/]*[*?[]|\.\.(?:\/|$))/.test(arg.pattern.slice(arg.lead.lastIndexOf('/') + 1)))
    return { kind: 'unresolved' };
  const end = arg.lead.lastIndexOf('/');
  const folder = end === -1 ? '.' : arg.lead.slice(0, end + 1);
  return placesIn(folder, 'under', directories, false);
}

function placesIn(path: string, kind: 'paths' | 'under', directories: Directories, isHome: boolean): Place {
  if (path === '') return { kind: 'nothing' };
  if (isHome || path.startsWith('/')) {
    if (STREAMS.test(path)) return { kind: 'nothing' };
    const name = normalised(path);
    return { kind, names: [name], isElsewhere: ELSEWHERE.test(name) };
  }
  if (directories === undefined) return { kind: 'unresolved' };
  const names = directories.map((directory) => normalised(directory === '.' ? quoted(path) : `${directory}/${path}`));
  return { kind, names, isElsewhere: names.some((name) => ELSEWHERE.test(name)) };
}

/** Sets a name with a tilde that the shell does not expand apart from the home. */
const quoted = (path: string): string => (path.startsWith('~') ? `./${path}` : path);

/** Returns a path without `.`, doubled slashes and `..`; links are not looked at. */
export function normalised(path: string): string {
  const isAbsolute = path.startsWith('/');
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    const last = kept.at(-1);
    if (part !== '..' || (last === undefined && !isAbsolute) || last === '..' || (last === '~' && kept.length === 1))
      kept.push(part);
    else kept.pop();
  }
  if (isAbsolute) return `/${kept.join('/')}`;
  const joined = kept.join('/');
  if (joined === '') return '.';
  return joined.startsWith('~') && !path.startsWith('~') ? `./${joined}` : joined;
}

/** Returns the directories after `cd` into a word that may fail, or not. */
export function directoriesAfter(arg: Arg | undefined, before: Directories): Directories {
  const place = arg === undefined ? { kind: 'paths' as const, names: ['~'] } : placeOf(arg, before);
  if (place.kind !== 'paths' || arg?.value === '-' || place.names.length > MOST_DIRECTORIES) return undefined;
  // Options, and what CDPATH may find.
  return arg?.value?.startsWith('-') === true ? undefined : place.names;
}

export function joined(a: Directories, b: Directories): Directories {
  if (a === undefined || b === undefined) return undefined;
  const all = [...new Set([...a, ...b])];
  return all.length > MOST_DIRECTORIES ? undefined : all;
}
