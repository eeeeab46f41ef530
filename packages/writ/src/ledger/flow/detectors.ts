import { hiddenIn, instructionsIn, type Span } from '../../lib/model-text.js';
import type { Leaf } from './result-labels.js';

/** The classes that results can be searched for, each with the label of a match. */
export type Detection = Readonly<
  Partial<Record<'email' | 'phone' | 'iban' | 'card' | 'secret' | 'instructions' | 'hidden-text', string>>
>;

/** More text than this is not looked through: it has every label that could have been found. */
const MAX_TEXT = 256 * 1024;

/**
 * The values of a result with the labels of what is found in them: addresses, account and card numbers with right check digits,
 * telephone numbers with their country, credentials in the forms that services give out, text that nobody sees. A form that it does not
 * know is not found. Few texts that speak to the model are found (`writ check` has the figures): nothing may rest on that.
 */
export async function withDetections(leaves: readonly Leaf[], detection: Detection): Promise<readonly Leaf[]> {
  const wanted = Object.entries(detection) as [keyof Detection, string][];
  if (wanted.length === 0 || leaves.length === 0) return leaves;
  const starts: number[] = [];
  let text = '';
  for (const { value } of leaves) {
    starts.push(text.length);
    text += `${value}\n`;
  }
  if (text.length > MAX_TEXT)
    return leaves.map((leaf) =>
      named(
        leaf,
        wanted.map(([, label]) => label),
      ),
    );
  const found = new Map<number, Set<string>>();
  for (const [what, label] of wanted) {
    for (const { start, end } of await FINDERS[what](text)) {
      for (let i = indexAt(starts, start); i < starts.length && (starts[i] as number) < end; i += 1)
        found.set(i, (found.get(i) ?? new Set()).add(label));
    }
  }
  return leaves.map((leaf, i) => named(leaf, [...(found.get(i) ?? [])]));
}

function named(leaf: Leaf, more: readonly string[]): Leaf {
  if (more.length === 0) return leaf;
  const names = [...new Set([...leaf.labels.names, ...more])].sort();
  return { ...leaf, labels: { ...leaf.labels, names } };
}

/** The last that starts at or before a place. */
function indexAt(starts: readonly number[], place: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

const PIECE = 4 * 1024;
/** With its country, spaces and extension. */
const MAX_NUMBER_LENGTH = 64;

/** The classes that are found fast enough to search for while a caller waits. */
type QuickFinders = Readonly<Record<'email' | 'iban' | 'card', (text: string) => readonly Span[]>>;

export async function quickFinders(): Promise<QuickFinders> {
  const { default: validator } = await import('validator');
  return {
    email: (text) =>
      matches(text, /[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g, (found) => validator.isEmail(found)),
    iban: (text) =>
      matches(text, /\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}\b/g, (found) =>
        validator.isIBAN(found.replaceAll(' ', '')),
      ),
    card: (text) => matches(text, /\b[0-9](?:[ -]?[0-9]){12,18}\b/g, (found) => validator.isCreditCard(found)),
  };
}

/** Each library is loaded when it is first needed: most commands look through nothing. */
const FINDERS: Readonly<Record<keyof Detection, (text: string) => Promise<readonly Span[]>>> = {
  email: async (text) => (await quickFinders()).email(text),
  iban: async (text) => (await quickFinders()).iban(text),
  card: async (text) => (await quickFinders()).card(text),
  async phone(text) {
    const { findPhoneNumbersInText } = await import('libphonenumber-js/min');
    const found: Span[] = [];
    // A text of digits alone takes a second: between the pieces others are decided on.
    for (let at = 0; at < text.length; at += PIECE) {
      const piece = text.slice(at, at + PIECE + MAX_NUMBER_LENGTH);
      // Without a default country only a number with its country is found.
      if (!/[+\uFF0B]/.test(piece)) continue;
      for (const { startsAt, endsAt } of findPhoneNumbersInText(piece))
        found.push({ start: at + startsAt, end: at + endsAt });
      await new Promise((resolve) => setImmediate(resolve));
    }
    return found;
  },
  secret: secretsIn,
  instructions: async (text) => instructionsIn(text),
  'hidden-text': async (text) => hiddenIn(text),
};

/** Loads the library of every class. */
export async function loadDetectors(): Promise<void> {
  for (const find of Object.values(FINDERS)) await find('a');
}

/** Returns the spans of a text with a match of a class; all of the text if it is too long to search. */
export async function spansOf(wanted: string, text: string): Promise<readonly Span[]> {
  const find = Object.hasOwn(FINDERS, wanted) ? FINDERS[wanted as keyof Detection] : undefined;
  if (find === undefined || text.length > MAX_TEXT) return text === '' ? [] : [{ start: 0, end: text.length }];
  return find(text);
}

function matches(text: string, pattern: RegExp, isRight: (found: string) => boolean): Span[] {
  return [...text.matchAll(pattern)]
    .filter(([found]) => isRight(found))
    .map(({ index, 0: found }) => ({ start: index, end: index + found.length }));
}

/** A text that is looked through cannot turn that off, as a comment in a source file can. */
async function secretsIn(text: string): Promise<Span[]> {
  const { lintSource } = await import('@secretlint/core');
  const { creator: rule } = await import('@secretlint/secretlint-rule-preset-recommend');
  const config = { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule }] };
  const content = text.replace(/secretlint-/gi, 'secretlint_');
  const { messages } = await lintSource({
    source: { content, filePath: 'result.txt', ext: '.txt', contentType: 'text' },
    options: { config, noPhysicFilePath: true },
  });
  return messages.map(({ range: [start, end] }) => ({ start, end }));
}
