import { stemmer } from 'stemmer';
import { isVerb } from './asked.js';
import { formsOf, groupedNumbersIn, plainForm, withoutSchemes, wordsOf } from './normal-form.js';
import { ANY_IDENTIFIER, SYNONYMS } from './nouns.js';
import { isGivenText, isOwnRun } from './prompt-content.js';
import { isCompared, isOnlyRead } from './prompt-governs.js';
import { type NumberSense, numbersIn, type PromptNumber } from './prompt-numbers.js';
import type { Role } from './tool-description.js';
import { isUsedAs, shapesOf } from './value-kinds.js';

/** The use of a value in a call. */
export interface ValueUse {
  readonly role: Role;
  readonly kind: string | undefined;
  /** The stems of the nouns by which a person names such a value: `email` for `delete_email(email_id)`. */
  readonly nouns: ReadonlySet<string>;
  /** The stems of the words by which a prompt asks for the tool; undefined if none are known. */
  readonly verbs?: ReadonlySet<string>;
}

/** The most characters that may be searched. */
export interface Effort {
  characters: number;
}

/** Takes the characters of a text from what may be searched; returns false if too few are left. */
export function spend(effort: Effort, text: string): boolean {
  effort.characters -= text.length;
  return effort.characters >= 0;
}

/** A number in another sense is nobody's identifier. */
const NO_IDENTIFIER: ReadonlySet<NumberSense> = new Set(['list', 'date', 'time', 'amount', 'quantity']);
const NO_AMOUNT: ReadonlySet<NumberSense> = new Set(['list', 'date', 'time', 'identifier']);
const MAX_OCCURRENCES = 200;
/** To look at the words around a value takes as long as to look for it in this many characters. */
const OCCURRENCE_EFFORT = 4_000;
/** The longest prompt whose numbers are understood, in characters. */
const MAX_WITH_NUMBERS = 16 * 1024;
/** A text that is within words this often is not looked for any further. */
const MAX_LOOKS = 1_000;

/** The values that a prompt names (docs/tools.md, "How a value is traced"). */
export class Prompt {
  /** As it was written, with single spaces and line ends. */
  private readonly text: string;
  private readonly flat: string;
  /** As `flat`, in lower case, of the same length. */
  private readonly lower: string;
  /** In the form that its values are counted in. */
  private readonly loose: string;
  private readonly grouped: ReadonlySet<string>;
  private readonly numbers: readonly PromptNumber[];
  /** Whether it is too long to look for the meaning of its numbers: then it names none, and no short word. */
  private readonly isLong: boolean;
  private readonly stems: ReadonlySet<string>;

  constructor(prompt: string) {
    const spaced = prompt.normalize('NFC').replace(/[^\S\n]+/g, ' ');
    this.text = ` ${spaced.replace(/ ?\n[\n ]*/g, '\n')} `;
    this.flat = this.text.replaceAll('\n', ' ');
    const lower = this.flat.toLowerCase();
    this.lower = lower.length === this.flat.length ? lower : this.flat;
    this.grouped = new Set(groupedNumbersIn(prompt));
    this.loose = ` ${withoutSchemes(plainForm(prompt))} ${[...this.grouped].join(' ')} `;
    this.isLong = prompt.length > MAX_WITH_NUMBERS;
    this.numbers = (this.isLong ? [] : numbersIn(this.text.trim())).map((one) => ({
      ...one,
      start: one.start + 1,
      end: one.end + 1,
    }));
    this.stems = new Set(wordsOf(prompt).map((word) => stemmer(word)));
  }

  /** Whether it has a word of this stem. */
  hasStem(stem: string): boolean {
    return this.stems.has(stem);
  }

  /**
   * Returns whether the user named this very value for this use. A short value or a number counts only with an anchor: its noun
   * before it, quotes around it.
   */
  names(value: string | number, use: ValueUse, effort: Effort): boolean {
    if (use.role === 'content') return this.says(value, effort);
    if (use.role === 'amount' && typeof value === 'number')
      return this.numbers.some(({ form, sense }) => form === String(value) && !NO_AMOUNT.has(sense));
    for (const candidate of candidatesOf(String(value))) {
      if (!spend(effort, this.lower)) return false;
      if (this.hasNamed(candidate, use, effort)) return true;
    }
    return typeof value === 'string' && this.grouped.has(plainForm(value).replace(/[ ()./-]/g, '')) && isGrouped(value);
  }

  /**
   * Returns whether the user named a record by this name: in quotes, as a proper name, by an identifier, or with its noun before it. Any
   * other word of a prompt can be the title that a stranger chose.
   */
  namesRecord(name: string | number, nouns: ReadonlySet<string>, effort: Effort): boolean {
    const use: ValueUse = { role: 'target', kind: undefined, nouns };
    if (!this.names(name, use, effort)) return false;
    return this.occurrences(exactText(String(name)), effort).some(
      ([start, end]) => this.isProperName(start, end) || this.isAnchored(start, end, nouns, 0),
    );
  }

  private isProperName(start: number, end: number): boolean {
    const said = this.flat.slice(start, end);
    if (isQuoted(this.flat, start, end) || shapesOf(said).length > 0) return true;
    if (/[,;:]/.test(said) || !/^[\p{Lu}\p{N}]/u.test(said)) return false;
    const words = said.split(' ');
    if (words.length > MAX_WORDS_OF_NAME) return false;
    const isAtBeginning = /(?:^|[.;:!?\n]) ?["'“]?$/.test(this.text.slice(0, start).trimEnd());
    return !isAtBeginning || words.filter((word) => /^[\p{Lu}\p{N}]/u.test(word)).length >= 2;
  }

  /** Returns whether content is the user's own: a run of the prompt, or a number of it. */
  private says(value: string | number, effort: Effort): boolean {
    if (typeof value === 'number') return this.numbers.some(({ form }) => form === String(value));
    return this.hasRun(value, effort, () => true);
  }

  /** Returns whether it gives content to be written, and does not merely have its words. Addresses and numbers are always given. */
  gives(value: string | number, { nouns, verbs = NO_WORDS }: ValueUse, effort: Effort): boolean {
    if (typeof value === 'number' || shapesOf(value).length > 0) return this.says(value, effort);
    const isOf = (word: string): boolean => isGiving(word, verbs, nouns);
    return this.hasRun(value, effort, (prompt, start, end) => isGivenText(prompt, start, end, isOf));
  }

  private hasRun(
    value: string,
    effort: Effort,
    counts: (prompt: string, start: number, end: number) => boolean,
  ): boolean {
    if (!spend(effort, this.flat) || !spend(effort, this.flat)) return false;
    const text = value.normalize('NFC');
    const isIn = (prompt: string): boolean =>
      isOwnRun(prompt, text, indexOfWhole, (start, end) => counts(prompt, start, end));
    return isIn(this.flat) || (text.includes('\n') && isIn(this.text));
  }

  /** How often it has a value in whatever form, at most 100: content that has it more often says more than the user did. */
  countOf(value: string | number, effort: Effort): number {
    if (typeof value === 'number') return this.numbers.filter(({ form }) => form === String(value)).length;
    const [form = ''] = formsOf(value);
    let count = 0;
    if (form === '' || !spend(effort, this.loose)) return 0;
    for (let at = indexOfWhole(this.loose, form, 0); at !== -1 && count < 100; ) {
      count += 1;
      at = indexOfWhole(this.loose, form, at + form.length);
    }
    return count;
  }

  private hasNamed(candidate: string, use: ValueUse, effort: Effort): boolean {
    const isNumber = isWeak(candidate);
    return this.occurrences(candidate, effort).some(([start, end]) => {
      const clause = this.clauseBefore(start);
      if (REFUSED.test(clause.replace(NO_REFUSAL, ''))) return false;
      if (use.role === 'target' && this.isBeside(clause, end, use)) return false;
      return !isNumber || (!KEPT_OR_PAST.test(clause) && this.isAnchored(start, end, use.nouns, 0));
    });
  }

  /** Returns whether the words around a thing say that it is not the one that something is done to. */
  private isBeside(clause: string, end: number, { nouns, verbs }: ValueUse): boolean {
    if (isCompared(clause)) return true;
    return verbs !== undefined && isOnlyRead(clause, this.flat.slice(end), verbs, (word) => isNoun(word, nouns));
  }

  /** Returns the places where this very value is, as a whole. */
  private occurrences(value: string, effort: Effort): readonly (readonly [number, number])[] {
    const sought = this.lower === this.flat ? value : value.toLowerCase();
    const found: [number, number][] = [];
    let at = indexOfWhole(this.lower, sought, 0);
    for (let tries = 0; at !== -1 && tries < MAX_OCCURRENCES; tries += 1) {
      effort.characters -= OCCURRENCE_EFFORT;
      if (effort.characters < 0) return found;
      const end = at + sought.length;
      if (isUsedAs(value, this.flat.slice(at, end))) found.push([at, end]);
      at = indexOfWhole(this.lower, sought, at + 1);
    }
    return found;
  }

  private clauseBefore(at: number): string {
    const before = this.text.slice(Math.max(0, at - MAX_CLAUSE), at);
    return before.split(/[.;!?](?=\s)|\n|,? then /i).at(-1) ?? '';
  }

  private isAnchored(start: number, end: number, nouns: ReadonlySet<string>, depth: number): boolean {
    if (this.isLong) return false;
    const number = this.numbers.find((one) => one.start <= start && start < one.end);
    if (number !== undefined && NO_IDENTIFIER.has(number.sense)) return false;
    const before = this.flat.slice(Math.max(0, start - 80), start);
    const isMarked = isQuoted(this.flat, start, end) || /# ?$/.test(before);
    if (isMarked) {
      // A mark behind the noun of another thing is of that thing: the film "12", issue #17.
      const other = /(\p{L}+) ?["'“‘`«„#] ?$/u.exec(before)?.[1]?.toLowerCase();
      if (other === undefined || COMMON.has(other) || isVerb(other) || isNoun(other, nouns)) return true;
      // The names of some tools and arguments say of nothing what it is.
      return [...nouns].every((noun) => ANY_IDENTIFIER.has(noun));
    }
    const more = /([0-9]{1,20})['"]? ?(?:,? ?(?:and|or|&) |, ?)['"#]?$/.exec(before);
    if (more !== null && depth < 50) {
      const at = start - before.length + more.index;
      return this.isAnchored(at, at + (more[1] as string).length, nouns, depth + 1);
    }
    const noun = /(\p{L}+)\.?(?: (?:is|are|of|equals|called|named|with id))?[ :=('"“‘`]{0,4}$/u.exec(before);
    if (noun === null || !isNoun((noun[1] as string).toLowerCase(), nouns)) return false;
    return !isOfAnother(before.slice(0, noun.index), noun[1] as string, nouns);
  }
}

/** Words by which the user says that something is not to be done. */
const REFUSED =
  /(?<!\p{L})(?:(?:do|should|must|may|can|will|shall) not|not to|(?:don|won|mustn|shouldn|can|couldn)['’]t|cannot|never|except|excluding|without|neither|nor|avoid|ignore|unlike|nicht|nie|niemals|außer|ohne|kein\p{L}*|(?:apart|other) (?:from|than)|(?:instead|rather) (?:of|than))(?!\p{L})|(?<!\p{L})not(?: \p{L}+){0,2}[ "'“‘#]{1,4}$/iu;
const NO_REFUSAL =
  /(?:do not|don['’]t) (?:forget|hesitate)|not only|if not|why not|(?:can|could|would|won)['’]?n?['’]?t you/gi;
/** Words by which the user says that a thing stays, or what was done before. */
const KEPT_OR_PAST =
  /(?<!\p{L})(?:keep|keeping|leave|leaving|spare)(?: \p{L}+){0,2}[ "'“‘#]{1,4}$|(?<!\p{L})(?:i|we)(?:['’]ve| have| had)? (?:already |just )?(?!need)\p{L}+ed(?!\p{L})/iu;
const MAX_CLAUSE = 400;
const MAX_WORDS_OF_NAME = 8;

function exactText(value: string): string {
  return value.normalize('NFC').replace(/\s+/g, ' ').trim();
}

/** The texts by which a person may have named a value: an address may be without its scheme if it is `https`. */
function candidatesOf(value: string): string[] {
  const text = exactText(value);
  if (text === '') return [];
  const mailbox = /\p{Cc}/u.test(value) ? undefined : WITH_DISPLAY_NAME.exec(text)?.[1];
  if (mailbox !== undefined) return [text, mailbox];
  if (isGrouped(text)) return [...new Set([text, text.replace(/[ ()./-]/g, '')])];
  const plain = /^(?:[a-z]+:\/\/)?[^/?#]+\/$/i.test(text) ? text.slice(0, -1) : text;
  if (!shapesOf(plain).includes('web')) return [text];
  const all = [text, plain];
  if (/^https:\/\/[^/\\]/i.test(plain)) all.push(plain.slice('https://'.length));
  else if (!/^[a-z][a-z0-9+.-]*:/i.test(plain)) all.push(`https://${plain}`, `http://${plain}`);
  return [...new Set(all)];
}

/** An address with the name of its owner (RFC 5322, name-addr). The name is no address, and no other header. */
const WITH_DISPLAY_NAME = /^(?:"[^"@<>:\\]{0,80}"|[^"@<>,;:\\]{0,80}) ?<([^\s<>@,;:]{1,64}@[^\s<>@,;:]{1,253})>$/;

function isGrouped(value: string): boolean {
  return shapesOf(value).some((shape) => shape === 'account' || shape === 'phone' || shape === 'card');
}

/** Words that are in many prompts, and name nothing there. */
const COMMON = new Set(
  'a about after all also an and any anything are as at be before but by can could do everything for from get give go have he her him his how i if in into is it its just latest like me more most my new next no none not now of off on one or other our out please send she so some that the their them then there these they this to today tomorrow two up us was we what when where which who will with would yes you your'.split(
    ' ',
  ),
);

/** Returns whether a value can be in a prompt by chance, whatever marks are around it. */
function isWeak(marked: string): boolean {
  const value = marked.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
  return (
    /^[0-9]{1,5}$/.test(value) ||
    [...value].length <= 2 ||
    COMMON.has(value.toLowerCase()) ||
    /^\W*$/u.test(value) ||
    /^(?=.*[0-9])[a-z0-9]{1,3}$/.test(value)
  );
}

function isNoun(word: string, nouns: ReadonlySet<string>): boolean {
  const stem = stemmer(word);
  if (ANY_IDENTIFIER.has(stem) || nouns.has(stem)) return true;
  return SYNONYMS.some((group) => group.has(stem) && [...group].some((other) => nouns.has(other)));
}

/** Returns whether an identifier is that of another thing: `ID 17` in "the mail with the ID 17" is no file. */
function isOfAnother(before: string, noun: string, nouns: ReadonlySet<string>): boolean {
  if (!ANY_IDENTIFIER.has(stemmer(noun.toLowerCase())) || [...nouns].every((one) => ANY_IDENTIFIER.has(one)))
    return false;
  const owner = /(\p{L}+)(?:['’]s)? (?:(?:with|by|of|having|has|under) )?(?:(?:the|its|an?) )?$/u.exec(before)?.[1];
  if (owner === undefined) return false;
  const word = owner.toLowerCase();
  return !COMMON.has(word) && !isVerb(word) && !isNoun(word, nouns);
}

const NO_WORDS: ReadonlySet<string> = new Set();
/** Words behind which a user says what is to be written. */
const GIVING = new Set(
  ['say', 'saying', 'reading', 'text', 'message', 'body', 'content', 'subject', 'title', 'titled', 'call', 'name'].map(
    (word) => stemmer(word),
  ),
);

function isGiving(word: string, verbs: ReadonlySet<string>, nouns: ReadonlySet<string>): boolean {
  const stem = stemmer(word);
  return GIVING.has(stem) || verbs.has(stem) || (nouns.has(stem) && !ANY_IDENTIFIER.has(stem));
}

const QUOTES: Readonly<Record<string, string>> = {
  "'": "'",
  '"': '"',
  '`': '`',
  '“': '”',
  '‘': '’',
  '«': '»',
  '„': '“',
};

function isQuoted(text: string, start: number, end: number): boolean {
  const close = QUOTES[text.charAt(start - 1)];
  return close !== undefined && text.charAt(end) === close;
}

const INSIDE_BEFORE = /[\p{L}\p{N}\p{M}_@%+./\\-]$/u;
const INSIDE_AFTER = /^(?:[\p{L}\p{N}\p{M}_@%+/\\-]|[.:?#&=](?=[\p{L}\p{N}]))/u;
const IN_NUMBER_BEFORE = /[0-9][.,:'’]$/;
const IN_NUMBER_AFTER = /^[,'’](?=[0-9])/;
const DIGIT = /[0-9]/;

/** Returns the index of a text within another as a whole; -1 if it is not there: `corp.com` is not in `bob@corp.com`. */
function indexOfWhole(text: string, part: string, from: number): number {
  let at = text.indexOf(part, from);
  for (let tries = 0; at !== -1 && tries < MAX_LOOKS; at = text.indexOf(part, at + 1), tries += 1) {
    const before = text.slice(Math.max(0, at - 2), at);
    const after = text.slice(at + part.length, at + part.length + 2);
    const isCut =
      INSIDE_BEFORE.test(before) ||
      INSIDE_AFTER.test(after) ||
      (DIGIT.test(part.charAt(0)) && IN_NUMBER_BEFORE.test(before)) ||
      (DIGIT.test(part.charAt(part.length - 1)) && IN_NUMBER_AFTER.test(after));
    if (!isCut) return at;
  }
  return -1;
}

/** Returns whether a text has another as a whole. */
export function hasWhole(text: string, part: string): boolean {
  return indexOfWhole(` ${text} `, part, 0) !== -1;
}
