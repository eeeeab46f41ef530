/**
 * Paths, for mappings that speak of files. A path that has two readings or two spellings is refused instead of changed, because
 * the server receives what the caller wrote: relative, with `.`, `..`, `//`, `\`, not in NFC, with characters that are not seen,
 * or with space or quotes at its end, which the official file server of MCP removes.
 */

/**
 * Returns a path relative to a folder, beginning with `/`. @throws {Error} if it is outside the folder, or has two
 * readings
 */
export function pathBelow(path: string, root: string): string {
  for (const one of [path, root]) refuseOtherSpellings(one);
  if (path === root) return '/';
  if (!path.startsWith(`${root}/`))
    throw new Error(`the path ${JSON.stringify(path)} is outside the folder that is served`);
  return path.slice(root.length);
}

/** Returns the path itself and every folder that it is in. @throws {Error} if the path has two readings */
export function withFolders(path: string): string[] {
  refuseOtherSpellings(path);
  const out = ['/'];
  for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1)) out.push(path.slice(0, at));
  if (path !== '/') out.push(path);
  return out;
}

/** @throws {Error} that says what is not plain in a path */
function refuseOtherSpellings(path: string): void {
  const refuse = (why: string): Error => new Error(`the path ${JSON.stringify(path)} ${why}`);
  if (!path.startsWith('/')) throw refuse('is not absolute');
  const parts = path === '/' ? [] : path.slice(1).split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) throw refuse('is not in its plain form');
  if (!path.isWellFormed() || path.normalize('NFC') !== path) throw refuse('is not in NFC');
  if (/[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.test(path))
    throw refuse('has a character that is not seen, or a backslash');
  if (parts.some((part) => part.trim() !== part) || /["']$/.test(path))
    throw refuse('has a space or a quote at an end');
}
