/** What a text has for a model that it has not for a person: hidden characters, and instructions. Heuristics: what they find, a person looks at. */

export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Characters that a person does not see and a model reads: tags, zero width, variation selectors beyond emoji, controls of direction. A
 * joiner between letters of scripts that need it is not one.
 */
const HIDDEN =
  /[\u{E0000}-\u{E007F}\u200B\u2060-\u2064\u202A-\u202E\u2066-\u2069\uFEFF\u00AD\u180E\u3164\uFFA0]|[\u{E0100}-\u{E01EF}]/gu;

/** Texts that speak to the model. */
const INSTRUCTIONS: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:previous|prior|above|earlier|other|all|any|system)\b.{0,20}\b(?:instructions?|prompts?|rules?|messages?)\b/gis,
  /\bdo(?:n[o']t| not)\b.{0,30}\b(?:tell|mention|inform|show|reveal|notify|alert)\b.{0,30}\b(?:user|human|anyone|anybody|them)\b/gis,
  /<\s*\/?\s*(?:important|system|instructions?|secret|hidden|admin)\s*>/gi,
  /\b(?:before|after|when(?:ever)?)\b.{0,30}\b(?:using|calling|invoking)\b.{0,40}\b(?:this|any|another|other)\b.{0,20}\btools?\b.{0,60}\b(?:must|always|first|read|call|send|include)\b/gis,
  /\b(?:read|include|attach|send|pass)\b.{0,40}(?:~\/\.|\.ssh\b|id_rsa|\.env\b|\bcredentials?\b|\bapi[ _-]?keys?\b|mcp\.json|\bconversation\b|\bchat history\b)/gis,
  /\byou (?:must|are required to|have to) (?:always |first |never )?(?:call|use|read|send|include|prefer)\b/gi,
];

/** Where a text has characters that a person does not see. */
export function hiddenIn(text: string): Span[] {
  return [...text.matchAll(HIDDEN)].map(({ index, 0: found }) => ({ start: index, end: index + found.length }));
}

/** The text as it is read: without what is hidden between letters, and in the letters that others look like. */
export function readAs(text: string): string {
  return text.replace(HIDDEN, '').normalize('NFKC');
}

/** Where a text speaks to the model. */
export function instructionsIn(text: string): Span[] {
  const hidden = hiddenIn(text);
  const seen = hidden.length === 0 ? text : text.replace(HIDDEN, '');
  const read = seen.normalize('NFKC');
  const found = INSTRUCTIONS.flatMap((pattern) => [...read.matchAll(pattern)]);
  if (found.length === 0) return [];
  // Letters that became others are as many, or it is told of the whole.
  if (read.length !== seen.length) return [{ start: 0, end: text.length }];
  const place = placeIn(hidden);
  return found
    .map(({ index, 0: { length } }) => ({ start: place(index), end: place(index + length) }))
    .sort((a, b) => a.start - b.start);
}

/** Returns the function from a place in a text without its hidden characters to that in the text, in logarithmic time. */
function placeIn(hidden: readonly Span[]): (at: number) => number {
  // For each, its place without those before it, and the length of all up to it.
  const starts: number[] = [];
  const lengths: number[] = [0];
  let length = 0;
  for (const { start, end } of hidden) {
    starts.push(start - length);
    length += end - start;
    lengths.push(length);
  }
  return (at) => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= at) low = middle + 1;
      else high = middle;
    }
    return at + (lengths[low] as number);
  };
}
