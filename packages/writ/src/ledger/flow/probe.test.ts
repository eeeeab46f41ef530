import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Dictated } from './dictated.js';
import { foldedId } from './folded-id.js';
import { formsOf, wordsOf } from './normal-form.js';
import { probeOf } from './probe.js';
import { idWord, keysOf } from './said-values.js';
import { shapesOf } from './value-kinds.js';

const values = fc.oneof(
  fc.integer(),
  fc.string(),
  fc.constantFrom(
    'Bob <bob@corp.example>',
    'https://a.example/',
    'DE89 3704 0044 0532 0130 00',
    'F%2D099',
    'ﬁle 7',
    '',
  ),
);

it('has everything by which a value is looked for, however often something asks', () => {
  fc.assert(
    fc.property(values, (value) => {
      const id = foldedId(value);
      const dictated = typeof value === 'number' ? undefined : Dictated.of(value);
      const texts = typeof value === 'number' ? [] : formsOf(value);
      for (const probe of [probeOf(value), probeOf(value)]) {
        expect([probe.value, probe.keys, probe.shapes]).toEqual([value, keysOf(value), shapesOf(value)]);
        expect(probe.ids.slice(0, 1)).toEqual(id === undefined ? [] : [idWord(id)]);
        expect(probe.dictated).toEqual(dictated);
        expect(probe.texts.map(({ form }) => form)).toEqual(texts);
        for (const { form, word } of probe.texts)
          for (const one of wordsOf(form)) expect(one.length).toBeLessThanOrEqual(word.length);
      }
    }),
  );
});

it.each([
  ['f-99', ['f99', '99']],
  ['order 99', ['order99']],
  ['y2024', ['y2024']],
  [99, ['99']],
])('looks for the number of an identifier alone: %s', (value, ids) => {
  expect(probeOf(value).ids).toEqual(ids.map(idWord));
});

it('looks for the mailboxes in an address with a name', () => {
  expect(probeOf('Bob <bob@corp.example>').mailboxes).toEqual([probeOf('bob@corp.example')]);
  expect(probeOf('bob@corp.example').mailboxes).toEqual([]);
});

it('does not take a number for the text of it', () => {
  expect(probeOf(17).keys).not.toEqual(probeOf('17').keys);
});
