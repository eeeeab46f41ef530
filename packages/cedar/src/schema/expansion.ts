import { CedarError, positionAt } from '../errors.js';
import { isIdentifier, tokenPattern } from '../policy/lexical.js';

/** The most parts of a schema with each named type written out where it is used, as the official parser does. */
const MAX_PARTS = 1_000_000;
/** The most named types that are made of each other in a row. */
const MAX_CHAIN = 500;
const TOKEN = tokenPattern();

interface Declaration {
  readonly at: number;
  /** The names of other types, and of attributes that are called as a type: too many are counted rather than too few. */
  readonly words: string[];
}

/**
 * Refuses a schema that is small as a text and large once its types are written out: a line can double the one before.
 *
 * @throws {CedarError} `schema`, with the place of the type
 */
export function checkExpansion(text: string): void {
  const { types, rest } = declarationsIn(text);
  if (types.size === 0) return;
  const sizes = new Map<string, number>();
  const sizeOf = (name: string, chain: number): number => {
    const declared = types.get(name);
    if (declared === undefined) return 1;
    const known = sizes.get(name);
    if (known !== undefined) return known;
    const refuse = (why: string, help: string): CedarError =>
      new CedarError('schema', why, { position: positionAt(text, declared.at), help });
    if (chain > MAX_CHAIN) throw refuse(`more than ${MAX_CHAIN} types are made of each other`, 'use fewer levels');
    // A type that is made of itself is refused by the parser.
    sizes.set(name, 1);
    const size = declared.words.reduce((sum, word) => sum + sizeOf(word, chain + 1), 1);
    if (size > MAX_PARTS)
      throw refuse(
        `the type \`${name}\` has more than ${MAX_PARTS.toLocaleString('en')} parts with its types written out`,
        'use an entity type where a type is used many times',
      );
    sizes.set(name, size);
    return size;
  };
  for (const name of types.keys()) sizeOf(name, 1);
  if (rest.reduce((sum, word) => sum + sizeOf(word, 1), 0) > MAX_PARTS)
    throw new CedarError(
      'schema',
      `the schema has more than ${MAX_PARTS.toLocaleString('en')} parts with its types written out`,
    );
}

function declarationsIn(text: string): { types: ReadonlyMap<string, Declaration>; rest: readonly string[] } {
  const types = new Map<string, Declaration>();
  const rest: string[] = [];
  let open: Declaration | undefined;
  let before: { readonly token: string; readonly index: number }[] = [];
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token.startsWith('//') || token.trim() === '') continue;
    const [first, second] = before;
    if (token === '=' && first?.token === 'type' && second !== undefined && isIdentifier(second.token)) {
      // Two of a name, in two namespaces, count together.
      open = types.get(second.token) ?? { at: second.index, words: [] };
      types.set(second.token, open);
    } else if (token === ';') open = undefined;
    else if (isIdentifier(token)) (open?.words ?? rest).push(token);
    before = [before.at(-1) ?? { token: '', index }, { token, index }];
  }
  return { types, rest };
}
