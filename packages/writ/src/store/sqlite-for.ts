/** Returns the package that has the binary for a version of Node. */
export function sqliteFor(node: string): 'better-sqlite3' | 'better-sqlite3-napi' {
  return Number.parseInt(node, 10) >= 22 ? 'better-sqlite3-napi' : 'better-sqlite3';
}
