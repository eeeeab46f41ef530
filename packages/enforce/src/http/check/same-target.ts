/**
 * Returns whether a target that cannot be rewritten is read as its canonical form is: it is the same text, or its query differs in
 * characters alone that every server reads alike, encoded or not.
 */
export function isSameTarget(given: string, canonical: string): boolean {
  if (given === canonical) return true;
  const [path, query] = divided(given);
  const [canonicalPath, canonicalQuery] = divided(canonical);
  return path === canonicalPath && encoded(query) === encoded(canonicalQuery);
}

function divided(target: string): [path: string, query: string] {
  const at = target.indexOf('?');
  return at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

/** Characters that no server divides a query at, and that clients leave as they are. A `+` is a space for some alone. */
function encoded(query: string): string {
  return query.replace(/[:/?@,$[\]]/g, encodeURIComponent).replace(/%[0-9a-f]{2}/gi, (code) => code.toUpperCase());
}
