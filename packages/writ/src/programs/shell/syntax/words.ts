import type { ParameterExpansionPart, Word, WordPart } from 'unbash';
import { MOST_BRACES } from '../limits.js';
import { NotUnderstood } from '../not-understood.js';
import type { Arg } from './arg.js';
import type { Variables } from './variables.js';

/** A list of literals (`{a,b}`), and a range of numbers (`{1..5}`). */
const LIST = /^\{([\w.,/@%+=:-]*,[\w.,/@%+=:-]*)\}$/;
const RANGE = /^\{(\d{1,4})\.\.(\d{1,4})\}$/;
/** Characters at which the shell splits the value of an unquoted variable, or which it takes as a pattern. */
const SPLITS = /[\s*?[\]\\{}~]/;
const NUMBERS = new Set(['?', '#', '$', '!']);
/** Escapes in `$'…'` that end the word, or are bytes that are no character. */
const BYTES =
  /\\(?:0{1,3}(?![0-7])|x0{0,2}(?![0-9a-f])|u0{1,4}(?![0-9a-f])|U0{1,8}(?![0-9a-f])|c|[2-7][0-7]{2}|x[89a-f])/i;

/** The parts of a word that were read. */
interface Reading {
  lead: string;
  pattern: string;
  /** No part is unknown. */
  isWhole: boolean;
  /** Only patterns are unknown. */
  isPattern: boolean;
  many: boolean;
  base: '~' | '.' | undefined;
  isPipe: boolean;
  isNumber: boolean;
}

/** Reads words; a variable with one literal value in the whole text is that value. */
export class Words {
  constructor(
    private readonly variables: Variables,
    private readonly isPosix: boolean,
  ) {}

  /** Returns the words that a word becomes: several if it has braces. */
  all(word: Word): readonly Arg[] {
    const { parts } = word;
    if (parts === undefined) return [this.one(word)];
    const braces = parts.filter((part) => part.type === 'BraceExpansion');
    if (braces.length === 0) return [this.one(word)];
    const choices = braces.map(({ text }) => (this.isPosix ? undefined : choicesOf(text)));
    const count = choices.reduce((product, list) => product * (list?.length ?? MOST_BRACES + 1), 1);
    if (count > MOST_BRACES) return [this.one(word)];
    let expanded: string[][] = [[]];
    for (const list of choices) expanded = expanded.flatMap((row) => (list ?? []).map((text) => [...row, text]));
    const args = expanded.map((row) => this.one(word, row));
    // An empty word without quotes is dropped.
    return args.some(({ value }) => value === '') ? [this.one(word)] : args;
  }

  /** Returns a word as one; `braces` are the texts that stand for its brace expansions. */
  one(word: Word, braces: readonly string[] = []): Arg {
    const reading: Reading = {
      ...{ lead: '', pattern: '', isWhole: true, isPattern: true, many: false, base: undefined },
      ...{ isPipe: false, isNumber: false },
    };
    if (word.parts === undefined) append(reading, word.value);
    else {
      const rest = [...braces];
      for (const part of word.parts) this.part(part, reading, rest);
    }
    return argOf(reading, braces.length === 0 ? tildeOf(word.text) : 'no', word.pos);
  }

  private part(part: WordPart, reading: Reading, braces: string[]): void {
    switch (part.type) {
      case 'Literal':
      case 'SingleQuoted':
        append(reading, part.value);
        return;
      case 'AnsiCQuoted':
        if (this.isPosix || BYTES.test(part.text) || part.value.includes('\0'))
          throw new NotUnderstood('expansion', part.text, part.pos, 'shells read these escapes in different ways');
        append(reading, part.value);
        return;
      // Without a domain of translations this is a text in double quotes; to set one is refused.
      case 'LocaleString':
      case 'DoubleQuoted':
        for (const child of part.parts) {
          if (child.type === 'Literal') append(reading, child.value);
          else this.expansion(child, reading, true);
        }
        return;
      case 'Glob':
        reading.isWhole = false;
        reading.many = true;
        reading.pattern += part.text;
        return;
      case 'BraceExpansion': {
        const chosen = braces.shift();
        if (chosen !== undefined) append(reading, chosen);
        else {
          reading.isWhole = false;
          reading.isPattern = false;
          reading.many = true;
        }
        return;
      }
      case 'ProcessSubstitution':
        reading.isPipe = reading.lead === '';
        lose(reading, false);
        return;
      case 'ExtendedGlob':
        throw new NotUnderstood('expansion', part.text, part.pos, 'this pattern is no pattern in every shell');
      default:
        this.expansion(part, reading, false);
    }
  }

  private expansion(part: WordPart, reading: Reading, isQuoted: boolean): void {
    const name = plainName(part);
    if (name === 'HOME' || name === 'PWD') {
      if (reading.lead === '' && reading.isWhole) reading.base = name === 'HOME' ? '~' : '.';
      else lose(reading, false);
      return;
    }
    const value = name === undefined ? undefined : this.variables.valueAt(name, part.pos);
    const loop = name === undefined || !isQuoted ? undefined : this.variables.patternAt(name, part.pos);
    const found = loop === undefined ? undefined : this.one(loop);
    if (found?.pattern !== undefined && reading.isWhole && reading.lead === '') {
      reading.lead = found.lead;
      reading.pattern = found.pattern;
      reading.isWhole = false;
      return;
    }
    // An unquoted value is split where it has spaces, and an empty one is no word.
    if (value !== undefined && (isQuoted || (value !== '' && !SPLITS.test(value)))) append(reading, value);
    else if (part.type === 'ArithmeticExpansion' || (name !== undefined && NUMBERS.has(name))) {
      reading.isNumber ||= reading.isWhole && reading.lead === '';
      // Without a process in the background, `$!` is empty.
      lose(reading, name === '!' && !isQuoted);
    } else lose(reading, isQuoted ? becomesMany(part) : true);
  }
}

function append(reading: Reading, text: string): void {
  if (reading.isWhole) reading.lead += text;
  reading.pattern += text;
}

/** Notes that a part is unknown. */
function lose(reading: Reading, many: boolean): void {
  reading.isWhole = false;
  reading.isPattern = false;
  reading.many ||= many;
}

/** Whether a word has a tilde that the shell expands: as the home, or in another way. */
function tildeOf(text: string): 'no' | 'home' | 'other' {
  if (text.startsWith('~')) return /^~(?:\/|$)/.test(text) ? 'home' : 'other';
  return /^\w+\+?=(?:[\s\S]*:)?~/.test(text) ? 'other' : 'no';
}

function argOf(reading: Reading, tilde: 'no' | 'home' | 'other', pos: number): Arg {
  const { lead, pattern, isWhole, isPattern, many, base, isPipe, isNumber } = reading;
  if (isPipe) return { value: undefined, lead: '', many: false, pipe: true, pos };
  if (base !== undefined)
    return { value: undefined, lead: '', many, pos, ...(isWhole && { base: { dir: base, rest: lead } }) };
  if (tilde === 'home' && isWhole)
    return { value: undefined, lead: '', many, pos, base: { dir: '~', rest: lead.slice(1) } };
  if (tilde !== 'no') return { value: undefined, lead: lead.slice(0, Math.max(0, lead.indexOf('~'))), many, pos };
  if (isWhole) return { value: lead, lead, many: false, pos };
  return { value: undefined, lead, many, pos, ...(isPattern && { pattern }), ...(isNumber && { isNumber }) };
}

/** Returns the name of `$x` and `${x}`; undefined for other expansions. */
function plainName(part: WordPart): string | undefined {
  if (part.type === 'SimpleExpansion') return part.text.slice(1).replaceAll('\\\n', '');
  if (part.type !== 'ParameterExpansion') return undefined;
  const { parameter, prefix, index, operation } = part;
  return prefix === undefined && index === undefined && operation === undefined ? parameter : undefined;
}

/** Whether an expansion between double quotes can be no word, or several. */
function becomesMany(part: WordPart): boolean {
  if (part.type === 'SimpleExpansion') return part.text.includes('@');
  return part.type === 'ParameterExpansion' && spreads(part);
}

function spreads({ parameter, index, prefix, operation, text }: ParameterExpansionPart): boolean {
  if (prefix === '#') return false;
  // Also an operand may hold "$@".
  return parameter === '@' || index?.text === '@' || operation?.type === 'Names' || text.includes('@');
}

function choicesOf(text: string): readonly string[] | undefined {
  const list = LIST.exec(text)?.[1];
  if (list !== undefined) return list.split(',');
  const [, from, to] = RANGE.exec(text) ?? [];
  if (from === undefined || to === undefined || /^0\d/.test(from) || /^0\d/.test(to)) return undefined;
  const [first, last] = [Number(from), Number(to)];
  const length = Math.abs(last - first) + 1;
  if (length > MOST_BRACES) return undefined;
  return Array.from({ length }, (_, index) => String(first <= last ? first + index : first - index));
}
