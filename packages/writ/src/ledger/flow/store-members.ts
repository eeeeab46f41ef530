/** Words that say which of several things an argument names, and nothing of what it is named by. */
const DIRECTIONS: ReadonlySet<string> = new Set([
  ...['new', 'old', 'from', 'to', 'source', 'src', 'target', 'destination', 'dest', 'dst', 'the'],
]);
const WORD_ENDS = /[^\p{L}\p{N}]+|(?<=[\p{Ll}\p{N}])(?=\p{Lu})/u;
const MAX_NAME = 128;

/**
 * Returns by what a member of a record, or an argument, names a thing of a store: `note_id`, `noteIds` and `id_` are `id` in the store
 * `note`. Empty if the name says only which thing it is, as `source` does.
 */
export function memberForm(name: string, store: string): string {
  if (name.length > MAX_NAME) return name;
  const own = new Set([...wordsIn(store), store.toLowerCase()].map(singular));
  const words = wordsIn(name).map(singular);
  const said = words.filter((word) => !DIRECTIONS.has(word) && !own.has(word)).join('');
  if (said === '') return words.length === 0 ? name : '';
  for (const word of own) if (said.length > word.length && said.startsWith(word)) return said.slice(word.length);
  return said;
}

/** An index or a wildcard at the end of a path. */
const LAST_INDEX = /(?:\[[*0-9:, -]{1,40}\]|\.\*)$/;
const LAST_MEMBER = /(?:^|[.\]])([^.[\]"'$]{1,128})$|\["((?:[^"\\]|\\.){1,128})"\]$|\['([^'\\]{1,128})'\]$/;
const MAX_INDEXES = 8;

/** Returns the member that a JSONPath ends with, as `id` in `lines[*].id`; the path itself if it ends with none. */
export function lastMember(path: string): string {
  let named = path;
  for (let i = 0; i < MAX_INDEXES && LAST_INDEX.test(named); i += 1) named = named.replace(LAST_INDEX, '');
  const [, plain, quoted, single] = LAST_MEMBER.exec(named) ?? [];
  return plain ?? quoted ?? single ?? path;
}

function wordsIn(name: string): string[] {
  return name
    .split(WORD_ENDS)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}

function singular(word: string): string {
  return word.length > 2 && word.endsWith('s') ? word.slice(0, -1) : word;
}
