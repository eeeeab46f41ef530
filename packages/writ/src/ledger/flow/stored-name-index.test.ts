import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StoredNameIndex } from './stored-name-index.js';

const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'ä'), maxLength: 12 });

it('finds the names in a text and its last part, as a search for each would', () => {
  const list = fc.array(text, { maxLength: 40 });
  fc.assert(
    fc.property(list, fc.oneof(text, fc.constant('ab '.repeat(500))), fc.option(text), (names, said, last) => {
      const stored = names.map((name, i) => ({ name, labels: [String(i)], isAsked: false }));
      const found = new StoredNameIndex(stored).saidIn(said, last ?? undefined);
      expect(found).toEqual(stored.filter(({ name }) => name === last || (name.length >= 3 && said.includes(name))));
    }),
  );
});
