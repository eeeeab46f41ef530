/**
 * Paths, for mappings that speak of files. A path that could be read in two ways (relative, with `.`, `..`, `//`, `\`,
 * NUL) is refused rather than tidied up: the server would get what the caller wrote, not what was decided.
 */

/**
 * Returns a path relative to a folder, beginning with `/`. @throws {Error} if it is outside the folder, or has two
 * readings
 */
export function pathBelow(path: string, root: string): string {
  if (!path.startsWith('/')) throw new Error(`the path ${JSON.stringify(path)} is not absolute`);
  const plain =
    path === '/' ||
    path
      .slice(1)
      .split('/')
      .every((part) => part !== '' && part !== '.' && part !== '..');
  if (!plain || /[\0\\]/.test(path)) throw new Error(`the path ${JSON.stringify(path)} is not in its plain form`);
  if (path === root) return '/';
  if (!path.startsWith(`${root}/`))
    throw new Error(`the path ${JSON.stringify(path)} is outside the folder that is served`);
  return path.slice(root.length);
}

/** Returns the path itself and every folder that it is in. */
export function withFolders(path: string): string[] {
  const out = ['/'];
  for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1)) out.push(path.slice(0, at));
  if (path !== '/') out.push(path);
  return out;
}
