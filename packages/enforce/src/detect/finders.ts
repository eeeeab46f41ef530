import { hiddenIn, instructionsIn, type Span } from '@writ/sdk/lib/model-text';

/** A class of data that texts can be searched for. */
export type DetectedClass = 'email' | 'phone' | 'iban' | 'card' | 'secret' | 'instructions' | 'hidden-text';

/** More text than this is not looked through: it counts as one match. */
const MAX_TEXT = 256 * 1024;
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
const FINDERS: Readonly<Record<DetectedClass, (text: string) => Promise<readonly Span[]>>> = {
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
  const find = Object.hasOwn(FINDERS, wanted) ? FINDERS[wanted as DetectedClass] : undefined;
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
