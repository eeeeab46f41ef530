import { describe, expect, it } from 'vitest';
import { keyAt, valueAt, type YamlPart, YamlPlaces } from './yaml-places.js';

const TEXT = `# a comment
a: &top { b: 1, c: [x, "y"] }
list:
  - one: 1
  - two: *top
none:
deep:
  er:
    sum: input.amount
`;
const placeOf = (part: YamlPart): string => {
  const { line, column } = new YamlPlaces(TEXT).placeOf(part);
  return `${line}:${column}`;
};

describe('the place of a part of a YAML file', () => {
  it.each([
    ['the whole', keyAt([]), '2:1'],
    ['a key', keyAt(['a']), '2:1'],
    ['a value in braces', valueAt(['a']), '2:9'],
    ['a value in them', valueAt(['a', 'b']), '2:14'],
    ['an item', keyAt(['a', 'c', 1]), '2:24'],
    ['an item by its number as text', keyAt(['a', 'c', '1']), '2:24'],
    ['a block below its key', valueAt(['deep']), '7:1'],
    ['an item that is a block', valueAt(['list', 0]), '4:5'],
    ['a key without a value', valueAt(['none']), '6:1'],
    ['what an alias stands for', valueAt(['list', 1, 'two', 'b']), '2:14'],
    ['an alias', valueAt(['list', 1, 'two']), '5:10'],
    ['a character of a value', valueAt(['deep', 'er', 'sum'], 6), '9:16'],
    ['the end of a value', valueAt(['deep', 'er', 'sum'], 12), '9:22'],
    ['a character of a key', keyAt(['deep', 'er', 'sum'], 2), '9:7'],
    ['the deepest key of a way that ends before', valueAt(['deep', 'er', 'on'], 3), '8:3'],
    ['nothing at all', valueAt(['zzz']), '2:1'],
  ])('%s', (_name, part, expected) => expect(placeOf(part)).toBe(expected));

  it('is the start of an empty file', () => {
    expect(new YamlPlaces('').placeOf(keyAt(['a']))).toEqual({ line: 1, column: 1 });
  });

  it('is a leaf, if it is no map', () => {
    const places = new YamlPlaces(TEXT);
    expect([['a'], ['a', 'b'], ['a', 'c'], ['none'], ['zz']].map((path) => places.hasLeaf(path))).toEqual([
      ...[false, true, true, true, false],
    ]);
  });
});

/** A text with `@` before the character, and the same text as a value of YAML with `@` before that character. */
describe('a character of a text', () => {
  it.each([
    ['plain', 'a == @b', 'a == @b'],
    ['single quotes', `it's @b`, `'it''s @b'`],
    ['double quotes', 'a == "x" && @b', '"a == \\"x\\" && @b"'],
    ['an escape of another character', 'a\u00e9\u{1f600}@b', '"a\\xe9\\U0001f600@b"'],
    ['escaped white space', 'a\tb\n@c', '"a\\tb\\n@c"'],
    ['a line that continues', 'a b@c', '"a b\\\n   @c"'],
    ['lines that are folded', 'a && @b', 'a &&\n   @b'],
    ['a literal block', 'a\n  b\n@c\n', '|\n  a\n    b\n  @c\n'],
    ['a literal block with a number', '  a\n@b\n', '|2 # why\n    a\n  @b\n'],
    ['a folded block', 'a && b\n\n@c', '>-\n  a &&\n  b\n\n\n  @c'],
    ['white space', 'a @== b', 'a @== b'],
    ['the space itself', 'a@ b', 'a@ b'],
    ['the end', 'a == @', '"a == @"'],
  ])('in %s', (_name, marked, source) => {
    const text = `k: ${source.replace('@', '')}\n`;
    const places = new YamlPlaces(text);
    expect(places.document.toJS()).toEqual({ k: marked.replace('@', '') });
    const { line, column } = places.placeOf(valueAt(['k'], marked.indexOf('@')));
    const at = 3 + source.indexOf('@');
    const before = text.slice(0, at).split('\n');
    expect({ line, column }).toEqual({ line: before.length, column: (before.at(-1) ?? '').length + 1 });
  });
});
