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
 */
export function isOwnRun(prompt: SearchedPrompt, content: string): boolean {
  const texts = END.test(content) ? [content, content.slice(0, -1)] : [content];
  return texts.some((text) => text.trim() !== '' && hasRun(prompt, text));
}

function hasRun({ text: prompt, lower, whole, mayHave }: SearchedPrompt, text: string): boolean {
  if (lower === undefined) return mayHave(text) && whole(prompt, text, 0) !== -1;
  const sought = text.toLowerCase();
  if (!mayHave(sought)) return false;
  let at = whole(lower, sought, 0);
  const most = Math.min(100, Math.ceil(MAX_COMPARED / text.length));
  for (let tries = 0; at !== -1 && tries < most; tries += 1) {
    const said = prompt.slice(at, at + sought.length);
    if (formsOf(said).includes(text)) return true;
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
