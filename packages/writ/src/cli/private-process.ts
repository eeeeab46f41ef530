/**
 * Makes everything that this process creates readable by its owner alone, from the first moment of each file. The servers
 * that it starts inherit that.
 */
export function makeProcessPrivate(): void {
  process.umask(0o077);
}
