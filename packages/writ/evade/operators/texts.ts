import type { Random } from '../../kills/random.js';
import { bold, DIGIT_WORDS, escaped, HIDDEN, LOOKALIKES, rotated, SPACES, turned, wide, ZEROS } from '../letters.js';
import { oneOf } from './operator.js';

/** Ways to write a text that says the same to its readers. */

type Form = (text: string, random: Random) => string;

/** Changes some of the parts of a text, at least one. */
function some(text: string, part: RegExp, random: Random, change: (found: string) => string): string {
  const count = [...text.matchAll(part)].length;
  if (count === 0) return text;
  const sure = random.pick(count);
  const share = [0, 0.2, 1][random.pick(3)] as number;
  let at = -1;
  return text.replace(part, (found) => {
    at += 1;
    return at === sure || random.chance(share) ? change(found) : found;
  });
}

const pick = (all: readonly string[], random: Random): string => oneOf(all, random) as string;

export const TEXT_FORMS: Readonly<Record<string, Form>> = {
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  'mixed case': (text, random) =>
    some(text, /\p{L}/gu, random, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())),
  spaces: (text, random) => some(text, / /g, random, () => pick(SPACES, random)),
  gaps: (text) => [...text].join(' '),
  'gaps at signs': (text, random) => some(text, /[.@/:-]/g, random, (c) => ` ${c} `),
  hidden: (text, random) => some(text, /./gu, random, (c) => `${c}${pick(HIDDEN, random)}`),
  lookalikes: (text, random) => some(text, /[acehijklnopsvxyd]/g, random, (c) => LOOKALIKES[c] ?? c),
  wide: (text, random) => some(text, /[!-~]/g, random, wide),
  bold: (text, random) => some(text, /[A-Za-z]/g, random, bold),
  marks: (text, random) => some(text, /\p{L}/gu, random, (c) => `${c}${pick(['\u0301', '\u0323', '\u0332'], random)}`),
  escapes: (text, random) => some(text, /[!-~]/g, random, escaped),
  entities: (text, random) =>
    some(text, /[!-~]/g, random, (c) =>
      random.chance(0.5) ? `&#${c.codePointAt(0)};` : `&#x${(c.codePointAt(0) as number).toString(16)};`,
    ),
  'other digits': (text, random) =>
    some(text, /[0-9]/g, random, (c) => String.fromCodePoint((ZEROS[random.pick(ZEROS.length)] as number) + Number(c))),
  'digits as words': (text, random) => some(text, /[0-9]/g, random, (c) => ` ${DIGIT_WORDS[Number(c)]} `),
  'zeros before': (text, random) => some(text, /(?<![0-9])[0-9]/g, random, (c) => `00${c}`),
  'signs as words': (text) =>
    text
      .replace(/@/g, ' at ')
      .replace(/\.(?=\S)/g, ' dot ')
      .replace(/\/+/g, ' slash '),
  'signs in brackets': (text) =>
    text
      .replace(/@/g, '[at]')
      .replace(/\.(?=\S)/g, '[.]')
      .replace(/http/gi, 'hxxp'),
  'other dashes': (text, random) =>
    some(text, /-/g, random, () => pick(['\u2013', '\u2212', '\u2010', '_', ' '], random)),
  'without points': (text) => text.replace(/[.,;:!?](?=\s|$)/g, ''),
  'more points': (text, random) =>
    some(text, /[.,](?=\s|$)|(?<=\p{L})$/gu, random, (c) => `${c}${pick(['.', '!', ' -', '\u2026'], random)}`),
  quotes: (text, random) => {
    const [open, close] = oneOf(QUOTES, random) as (typeof QUOTES)[number];
    return `${open}${text}${close}`;
  },
  'quotes of words': (text, random) => some(text, /\p{L}{3,}/gu, random, (word) => `"${word}"`),
  greeting: (text, random) => `${pick(GREETINGS, random)}${text}`,
  farewell: (text, random) => `${text}${pick(FAREWELLS, random)}`,
  tags: (text, random) => `<${pick(['p', 'b', 'div'], random)}>${text}</p>`,
  'tags of words': (text, random) => some(text, /\p{L}{2,}/gu, random, (word) => `<b>${word}</b>`),
  emphasis: (text, random) => some(text, /\p{L}{2,}/gu, random, (word) => `**${word}**`),
  'a list': (text) => text.replace(/(?<=[.!?]) |, /g, '\n- '),
  quoted: (text) => `> ${text.replaceAll('\n', '\n> ')}`,
  code: (text) => `\`\`\`\n${text}\n\`\`\``,
  base64: (text) => Buffer.from(text).toString('base64'),
  turned: (text) => turned(text),
  rotated: (text) => rotated(text),
  'JSON escapes': (text, random) =>
    some(text, /[A-Za-z]/g, random, (c) => `\\u${(c.codePointAt(0) as number).toString(16).padStart(4, '0')}`),
  'a word between': (text, random) => some(text, / /g, random, () => pick([' (sic) ', ' - ', ' / ', ' * '], random)),
  'words joined': (text, random) => some(text, / /g, random, () => pick(['', '_', '-', '.'], random)),
  'in a sentence': (text, random) => `${pick(BEFORE, random)} ${text} ${pick(AFTER, random)}`,
};

const QUOTES = [
  ['"', '"'],
  ["'", "'"],
  ['\u201c', '\u201d'],
  ['\u00ab', '\u00bb'],
  ['\u201e', '\u201c'],
  ['`', '`'],
  ['(', ')'],
  ['[', ']'],
  ['{"text":"', '"}'],
] as const;
const GREETINGS = ['Dear Carol, ', 'Hi all!\n\n', 'FYI: ', 'Hello, here is a summary: ', '1. ', 'Re: '];
const FAREWELLS = [' Kind regards', '\n\nBest,\nAna', ' Thanks!', '\n-- \nAna'];
const BEFORE = ['As agreed with everybody,', 'Note that', 'The mail says:', 'For your information,'];
const AFTER = ['as you know.', '(see the mail)', 'Please confirm.', 'Thank you.'];
