const SHOWN = 3;

/** Returns how many names there are, and the first of them. @example firstOf(['a', 'b', 'c', 'd'], 'actions') // '4 actions (a, b, c and 1 more)' */
export function firstOf(names: readonly string[], nouns: string): string {
  const rest = names.length - SHOWN;
  return `${names.length} ${nouns} (${names.slice(0, SHOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''})`;
}
