import { stemmer } from 'stemmer';
import { PartFilter } from '../../lib/part-filter.js';
import { isVerb } from './asked.js';
import type { Role } from './declared-tool.js';
import { formsOf, groupedNumbersIn, plainForm, withoutSchemes } from './normal-form.js';
import { ANY_IDENTIFIER, SYNONYMS } from './nouns.js';
import { isGivenText, isOwnRun, type SearchedPrompt } from './prompt-content.js';
import { isCompared, isOnlyRead } from './prompt-governs.js';
import { type NumberSense, numbersIn, type PromptNumber } from './prompt-numbers.js';
import { PromptStems } from './prompt-stems.js';
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
/** White space that is not one space, and no line end. */
const NOT_ONE_SPACE = /[^\S\n]{2,}|[^\S\n ]/g;
/** A shorter prompt is searched as fast as it is looked up. */
const MIN_FILTERED = 4 * 1024;
/** A text that is within words this often is not looked for any further. */
const MAX_LOOKS = 1_000;

/** The values that a prompt names (docs/tools.md, "How a value is traced"). */
export class Prompt {
  /** As it was written, with single spaces and line ends. */
  private readonly text: string;
  private readonly flat: string;
  /** As `flat`, in lower case, of the same length. */
  private readonly lower: string;
  /** Whether `lower` is in lower case: of some texts it would have another length, and is `flat`. */
  private readonly hasLower: boolean;
  /** Whether it is too long to look for the meaning of its numbers: then it names none, and no short word. */
  private readonly isLong: boolean;
  private readonly stems: PromptStems;
  /** Each is made when something first asks for it: a prompt can be a document, and others wait meanwhile. */
  private filterMade: PartFilter | undefined;
  private searchedMade: SearchedPrompt | undefined;
  private withLinesMade: SearchedPrompt | undefined;
  private looseMade: string | undefined;
  private groupedMade: ReadonlySet<string> | undefined;
  private numbersMade: readonly PromptNumber[] | undefined;

  constructor(private readonly prompt: string) {
    const spaced = prompt.normalize('NFC').replace(NOT_ONE_SPACE, ' ');
    this.text = ` ${spaced.replace(/ ?\n[\n ]*/g, '\n')} `;
    this.flat = this.text.replaceAll('\n', ' ');
    const lower = this.flat.toLowerCase();
    this.hasLower = lower.length === this.flat.length;
    this.lower = this.hasLower ? lower : this.flat;
    this.isLong = prompt.length > MAX_WITH_NUMBERS;
    this.stems = new PromptStems(prompt);
  }

  /** Whether it has a word of this stem. */
  hasStem(stem: string): boolean {
    return this.stems.has(stem);
  }

  /** In the form that its values are counted in. */
  private get loose(): string {
    this.looseMade ??= ` ${withoutSchemes(plainForm(this.prompt))} ${[...this.grouped].join(' ')} `;
    return this.looseMade;
  }

  private get grouped(): ReadonlySet<string> {
    this.groupedMade ??= new Set(groupedNumbersIn(this.prompt));
    return this.groupedMade;
  }

  private get numbers(): readonly PromptNumber[] {
    this.numbersMade ??= (this.isLong ? [] : numbersIn(this.text.trim())).map((one) => ({
      ...one,
      start: one.start + 1,
      end: one.end + 1,
    }));
    return this.numbersMade;
  }

  /** Returns false if a text is nowhere in `lower`. */
  private mayHave(lower: string): boolean {
    if (this.lower.length < MIN_FILTERED) return true;
    this.filterMade ??= new PartFilter(this.lower);
    return this.filterMade.mayHave(lower);
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
    return typeof value === 'string' && isGrouped(value) && this.grouped.has(plainForm(value).replace(/[ ()./-]/g, ''));
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
    const isIn = (prompt: SearchedPrompt): boolean =>
      isOwnRun(prompt, text, (start, end) => counts(prompt.text, start, end));
    return isIn(this.searched) || (text.includes('\n') && isIn(this.searchedWithLines));
  }

  private get searched(): SearchedPrompt {
    this.searchedMade ??= {
      text: this.flat,
      lower: this.hasLower ? this.lower : undefined,
      whole: indexOfWhole,
      mayHave: (part) => this.mayHave(part),
    };
    return this.searchedMade;
  }

  private get searchedWithLines(): SearchedPrompt {
    this.withLinesMade ??= {
      text: this.text,
      lower: this.hasLower ? this.text.toLowerCase() : undefined,
      whole: indexOfWhole,
      // The lines of `text` are one in what is looked through.
      mayHave: (part) => this.mayHave(part.replaceAll('\n', ' ')),
    };
    return this.withLinesMade;
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
    if (!this.mayHave(sought)) return found;
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
