import { posix } from 'node:path';
import { MappingError } from '../errors.js';
import type { Action, ToolUse } from './event.js';

const MAX_PATH = 4_096;

/** The paths of a use as the machine of the agent resolved them, in the order in which they were asked for. */
export interface Resolved {
  /** The folder of the project. */
  readonly root: string;
  readonly paths: readonly string[];
}

/**
 * Returns the paths of actions that have to be resolved where the files are, each absolute.
 *
 * @throws {MappingError} if a path can be read in two ways, or begins nowhere
 */
export function pathsIn(actions: readonly Action[], { cwd }: Pick<ToolUse, 'cwd'>): readonly string[] {
  return actions.flatMap(({ path }) => (path === undefined ? [] : [absolute(path, cwd)]));
}

function absolute(path: string, cwd: string | undefined): string {
  if (path === '' || path.length > MAX_PATH || /[\p{Cc}\\]/u.test(path) || !path.isWellFormed())
    throw new MappingError(`a path has 1 to ${MAX_PATH} characters, without control characters and backslashes`);
  // Some clients read it as the home of the user, and the machine as a name.
  if (path.startsWith('~')) throw new MappingError('a path that begins with ~ can be read in two ways; write it out');
  if (path.startsWith('/')) return path;
  if (cwd === undefined || !cwd.startsWith('/') || cwd.length > MAX_PATH || /\p{Cc}/u.test(cwd))
    throw new MappingError('a path is relative, and cwd is no absolute path');
  return `${cwd}/${path}`;
}

/**
 * Returns the actions with their resolved paths: relative to the folder of the project if they are in it, or else absolute.
 *
 * @throws {MappingError} if a path is not resolved
 */
export function withPaths(actions: readonly Action[], resolved: Resolved | undefined): readonly Action[] {
  const needed = actions.filter(({ path }) => path !== undefined).length;
  if (needed === 0) return actions;
  if (resolved === undefined || resolved.paths.length !== needed || !isResolved(resolved.root))
    throw new MappingError('its paths were not resolved on the machine; install the hook with `writ guard install`');
  const paths = [...resolved.paths];
  return actions.map(({ path, ...action }) => {
    if (path === undefined) return action;
    const at = paths.shift() ?? '';
    if (!isResolved(at)) throw new MappingError('a path was not resolved on the machine');
    return { ...action, input: { path: shown(at, resolved.root), ...action.input } };
  });
}

function isResolved(path: string): boolean {
  return path.startsWith('/') && path.length <= MAX_PATH && posix.normalize(path) === path && !/\p{Cc}/u.test(path);
}

function shown(path: string, root: string): string {
  if (path === root) return '.';
  return root !== '/' && path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}
