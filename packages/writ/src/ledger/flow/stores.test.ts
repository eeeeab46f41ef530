import { describe, expect, it } from 'vitest';
import { partsOf } from './store-names.js';
import { placeOf, Stores } from './stores.js';

function storesWith(...items: readonly string[]): Stores {
  const stores = new Stores();
  const named = items.map((item) => ({ item }));
  for (const key of stores.keysToWrite('file', named)) stores.note(key);
  return stores;
}
const labelled = (written: string, read: string | undefined): boolean =>
  storesWith(written).keysFor({ store: 'file', item: read }).length > 0;

describe('a thing in a store', () => {
  it.each([
    ['out/deep/a.txt', 'out/deep/a.txt'],
    ['a.txt', 'a%2Etxt'],
    ['a.txt', 'a%252etxt'],
    ['a.txt', '.\\a.txt'],
    ['out/a.txt', 'out\\a.txt'],
    ['/a.txt', 'file:///a.txt'],
    ['/a.txt', 'FILE://localhost/A.TXT'],
    ['out/a.txt', 'out/./x/../a.txt'],
    ['löhne/a', 'lo\u0308hne/a'],
    ['File::"/out/a.txt"', 'File::"/out//a.txt"'],
    ['out/a.txt', 'out/a.txt.'],
    ['out/a.txt', 'out /a.txt . '],
    ['out/a.txt', 'out/a.txt::$DATA'],
    ['out/a.txt', 'out/a.txt\u0000.png'],
    ['out/a.txt', 'out/a\u200b.t\u00adxt'],
    ['out/a.txt', '\uff4f\uff55\uff54\uff0fa.txt'],
    ['out/a.txt', 'C:\\out\\a.txt'],
    ['out/a.txt', 'c:out/a.txt'],
    ['out/a.txt', 'file:///C|/out/a.txt'],
    ['out/a.txt', 'file:/out/a.txt#top'],
    ['out/a.txt', 'file:out/a.txt'],
    ['out/a.txt', '\\\\?\\C:\\out\\a.txt'],
    ['out/a.txt', '../../out/a.txt'],
    ['\u039f\u0394\u039f\u03a3', '\u03bf\u03b4\u03bf\u03c3'],
    ['stra\u00dfe', 'STRASSE'],
    ['https://shop.example/a', 'http://SHOP.example/a'],
    ['17', '017'],
    ['17', '#17'],
    ['17', '17.0'],
    ['note/17', 'note/\uff11\uff17'],
    ['6F9619FF-8B86-D011-B42D-00CF4FC964FF', 'urn:uuid:{6f9619ff8b86d011b42d00cf4fc964ff}'],
    ['Note::"a\\"b"', 'Note::"a\\u{22}b"'],
    ['17', 'Note::"17"'],
    ['out/a.txt', 'File::"/out/a.txt"'],
  ])('%j is the same thing as %j', (written, read) => {
    expect(labelled(written, read)).toBe(true);
    expect(labelled(read, written)).toBe(true);
  });

  it.each([
    ['out/deep/a.txt', 'out'],
    ['out/deep/a.txt', 'out/deep/'],
    ['out/deep/a.txt', '/'],
    ['out/deep/a.txt', '.'],
    ['out/deep/a.txt', undefined],
    ['out/deep/a.txt', 'out/*'],
    ['out/deep/a.txt', '**/*.txt'],
    ['out/deep/a.txt', 'out/deep/?.txt'],
    ['File::"/out/deep/a.txt"', 'File::"/out"'],
    ['File::"/out/deep/a.txt"', 'out'],
    ['out/deep/a.txt', 'File::"/out"'],
  ])('%j gives its labels to a reader of %j, which holds it', (written, read) => {
    expect(labelled(written, read)).toBe(true);
  });

  it.each([
    ['out', 'out/deep/a.txt'],
    ['out/*', 'out/a.txt'],
    ['/', 'out/a.txt'],
  ])('%j gives its labels to %j, which is in it', (written, read) => {
    expect(labelled(written, read)).toBe(true);
  });

  it.each([
    ['out/deep/a.txt', 'out/deep/b.txt'],
    ['out/deep/a.txt', 'out/deeper'],
    ['out/a', 'out/ab'],
    ['out/a', 'a'],
    ['out/a', 'in/*'],
    ['File::"/out/a"', 'Note::"/out/a"'],
    ['17', '170'],
    ['1.5', '15'],
    ['a:17', 'b:18'],
  ])('%j gives no labels to %j', (written, read) => {
    expect(labelled(written, read)).toBe(false);
  });

  it('is cleared with what is in it, without its folders', () => {
    const stores = storesWith('out', 'out/deep/a', 'out/deep', 'other');
    expect(stores.keysBelow({ store: 'file', item: 'out/deep' })).toEqual([
      '["file","out/deep"]',
      '["file","out/deep/a"]',
    ]);
  });

  it('labels the whole store when too many are known apart', () => {
    const stores = storesWith(...Array.from({ length: 10_000 }, (_, i) => `f${i}`));
    expect(stores.keysToWrite('file', [{ item: 'one more' }])).toEqual(['["file"]']);
  });

  it('has labels under a key from before its spellings were one', () => {
    const stores = new Stores();
    stores.note('["file","a%2etxt"]');
    expect(stores.keysFor({ store: 'file', item: 'a.txt' })).toEqual(['["file","a%2etxt"]']);
  });

  it.each([
    ['a name of 100,000 folders', 'a/'.repeat(100_000)],
    ['an entity in an entity, 100,000 times', `${'A::"'.repeat(100_000)}x${'"'.repeat(100_000)}`],
    ['a name that is encoded 100,000 times', `a${'%25'.repeat(100_000)}2e`],
    ['100,000 steps up', '../'.repeat(100_000)],
  ])('is found again under %s, in little time', (_what, name) => {
    const stores = storesWith(name);
    expect(stores.keysFor({ store: 'file', item: name })).toHaveLength(1);
    expect(stores.keysFor({ store: 'file' })).toHaveLength(1);
  });

  it('has the same labels after a restart, however often its name is encoded', () => {
    const name = 'a%252525252525252etxt';
    const before = storesWith(name);
    const after = new Stores();
    for (const key of before.keysFor({ store: 'file' })) after.note(key);
    expect(after.keysFor({ store: 'file', item: name })).toEqual(before.keysFor({ store: 'file', item: name }));
    expect(after.keysFor({ store: 'file', item: name })).toHaveLength(1);
  });

  it('has one name for policies', () => {
    expect(placeOf({ store: 'note', item: './Todo.md' })).toBe('note/todo.md');
    expect(partsOf('100%')).toEqual(['100%']);
  });
});
