import fc from 'fast-check';
import { stemmer } from 'stemmer';
import { expect, it } from 'vitest';
import { wordsOf } from './normal-form.js';
import { PromptStems } from './prompt-stems.js';

const endings = [
  '',
  's',
  'ies',
  'ed',
  'ing',
  'y',
  'ational',
  'izer',
  'bly',
  'ously',
  'ization',
  'fulness',
  'icate',
  'ement',
  'ion',
  'e',
  'll',
];
const word = fc
  .tuple(fc.string({ unit: fc.constantFrom(...'aeiouybcdstz'), maxLength: 6 }), fc.constantFrom(...endings))
  .map((parts) => parts.join(''));

it('has the stems of all words, and no other', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 20 }), word, (words, other) => {
      const text = words.join(' ');
      const stems = new Set(wordsOf(text).map((one) => stemmer(one)));
      const found = new PromptStems(text);
      for (const one of [...words, other].map((some) => stemmer(some))) expect(found.has(one)).toBe(stems.has(one));
    }),
  );
});

it('stems no more words of one prompt than are stemmed in some milliseconds', () => {
  const word = (i: number) => i.toString(26).replace(/[0-9]/g, (digit) => 'qrstuvwxyz'.charAt(Number(digit)));
  const many = new PromptStems(`${Array.from({ length: 30_000 }, (_, i) => `pz${word(i)}`).join(' ')} pay send`);
  expect(many.has('pay')).toBe(false);
  expect(many.has('send')).toBe(false);
});
