import { describe, expect, it } from 'vitest';
import { Dictated, readWords } from './dictated.js';

const TEXT = 'The hall is closed for good, so everybody has to leave the doors open.';
const isFrom = (content: string, text = `Write this: ${TEXT}`): boolean =>
  Dictated.of(content)?.isFrom(readWords(text)) === true;

describe('a dictated text', () => {
  it.each([
    ['in quotation marks', `"${TEXT}"`],
    ['with a greeting', `Dear Carol, ${TEXT} Kind regards`],
    ['in tags', `<p>${TEXT.replaceAll(' ', '&nbsp;')}</p>`],
    ['with characters that nobody sees', TEXT.replaceAll('e', 'e\u200b')],
    ['in escapes, with words behind it', `${encodeURIComponent(TEXT)} and so on`],
    ['with gaps', [...TEXT].join(' ')],
    ['without points', TEXT.replaceAll(/[.,]/g, '')],
    ['without its end', TEXT.slice(0, 50)],
  ])('is known again %s', (_how, content) => {
    expect(isFrom(content)).toBe(true);
  });

  it.each([
    [
      'a text of the agent about it',
      'There is a mail: the hall is closed, and the doors have to be left open by everybody.',
    ],
    ['three words of it', 'The hall is'],
    [
      'a text that quotes a part of it',
      'The mail that came today says that the hall is closed for good, and asks for a lot of work.',
    ],
    ['nothing', ''],
  ])('is not %s', (_what, content) => {
    expect(isFrom(content)).toBe(false);
  });

  it.each(['ab', 'ab cd ef gh', 'ab ab ab ab ab', 'one two three four five six'])(
    'has its core in every run of most words: %s',
    (text) => {
      const words = text.split(' ');
      const least = Math.max(4, Math.ceil(words.length * 0.6));
      for (let from = 0; from + least <= words.length; from += 1)
        expect(isFrom(text, words.slice(from, from + least).join(' '))).toBe(true);
    },
  );
});
