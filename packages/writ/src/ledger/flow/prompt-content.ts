/** A mark that an agent may add at the end of what the user said. */
const END = /[.!?]$/;
/** The most characters of runs that one content is compared with. */
const MAX_COMPARED = 64 * 1024;

/** A prompt in which content is looked for. */
export interface SearchedPrompt {
  readonly text: string;
  /** The text in lower case; undefined if that has another length. */
  readonly lower: string | undefined;
  /** Finds a text as a whole within another, from an index on. */
  whole(text: string, part: string, from: number): number;
  /** Returns false if a text is nowhere in the prompt, in lower case if there is one. */
  mayHave(part: string): boolean;
}

/**
 * Returns whether content is the user's own words: a run of the prompt as it is, all in one case, or with a capital at the beginning of it or of each word.
 * White space, marks and letters of another choice could say more than the user did.
 *
 * @param counts a function that says whether a run from one index to another counts
 */
export function isOwnRun(
  prompt: SearchedPrompt,
  content: string,
  counts: (start: number, end: number) => boolean,
): boolean {
  const texts = END.test(content) ? [content, content.slice(0, -1)] : [content];
  return texts.some((text) => text.trim() !== '' && hasRun(prompt, text, counts));
}

function hasRun(
  { text: prompt, lower, whole, mayHave }: SearchedPrompt,
  text: string,
  counts: (start: number, end: number) => boolean,
): boolean {
  if (lower === undefined) {
    const at = mayHave(text) ? whole(prompt, text, 0) : -1;
    return at !== -1 && counts(at, at + text.length);
  }
  const sought = text.toLowerCase();
  if (!mayHave(sought)) return false;
  let at = whole(lower, sought, 0);
  const most = Math.min(100, Math.ceil(MAX_COMPARED / text.length));
  for (let tries = 0; at !== -1 && tries < most; tries += 1) {
    const said = prompt.slice(at, at + sought.length);
    if (formsOf(said).includes(text) && counts(at, at + sought.length)) return true;
    at = whole(lower, sought, at + 1);
  }
  return false;
}

/** Returns the ways in which people write the same words as a sentence or a title. */
function formsOf(said: string): string[] {
  const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
  const title = said.split(' ').map(capital).join(' ');
  return [said, said.toLowerCase(), said.toUpperCase(), capital(said), title];
}

/** Signs that begin and end a quotation. */
const OPEN = /["'`\u201c\u2018\u00ab\u201e] ?$/u;
const CLOSED = /^[.,;:!?]? ?["'`\u201d\u2019\u00bb\u201c]/u;
/** A text without quotation marks ends where a clause does. */
const CLAUSE_ENDS =
  /^ ?(?:[.,;:!?\n)]|$)|^ (?:to|in|on|at|for|with|from|by|as|and|or|if|when|then|before|after|into)(?!\p{L})/u;
const AFTER_COLON = /: ?$/;
/** Words behind which reported speech begins: "note that milk is out". */
const REPORTING: ReadonlySet<string> = new Set(['that', 'saying']);
const WORD_BEFORE = /(\p{L}+)(?: (?:is|are|as|with|of))?[ :=]{1,3}$/u;

/**
 * Returns whether a prompt gives a text to be written: in quotation marks, behind a colon, or behind a word that asks for it, and whole.
 * Any other words of a prompt are a choice, which can say something else.
 *
 * @param isGiving a function that says whether a text follows a word
 */
export function isGivenText(prompt: string, start: number, end: number, isGiving: (word: string) => boolean): boolean {
  const [before, after] = [prompt.slice(Math.max(0, start - 80), start), prompt.slice(end, end + 20)];
  if (OPEN.test(before)) return CLOSED.test(after);
  if (!CLAUSE_ENDS.test(after)) return false;
  const word = WORD_BEFORE.exec(before)?.[1];
  if (AFTER_COLON.test(before)) return true;
  return word !== undefined && (REPORTING.has(word.toLowerCase()) || isGiving(word.toLowerCase()));
}
