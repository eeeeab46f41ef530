import { describe, expect, it } from 'vitest';
import { namesIn } from './names-in.js';

const NOTES = { store: 'note', members: ['id'] };
const others = (values: readonly (string | number)[]) =>
  namesIn(
    values.map((value) => ({ at: '$.text', value })),
    NOTES,
  ).others;

describe('namesIn', () => {
  it.each([
    ['numbers and short texts', [7, 'p-1'], ['7', 'p-1']],
    ['no text of more than one line', ['a\nb'], []],
    ['a text of 128 characters', ['x'.repeat(128)], ['x'.repeat(128)]],
    ['no longer text', ['x'.repeat(129)], []],
    ['the names in a sentence', ['Saved 2 as out/a.txt.'], ['Saved 2 as out/a.txt.', '2', 'out/a.txt.']],
    ['at most 32', Array.from({ length: 40 }, (_, i) => i), Array.from({ length: 32 }, (_, i) => `${i}`)],
  ])('takes %s', (_clause, values, expected) => {
    expect(others(values)).toEqual(expected);
  });

  it.each([
    ['a member that things are named by', { at: '$.note_id', value: 7 }, [{ item: '7', member: 'id' }]],
    ['what the tool gives out', { at: '$.made[0].key', value: 'k', isGiven: true }, [{ item: 'k', member: 'key' }]],
    ['no member further in', { at: '$.text.id', value: 7 }, []],
    ['no other member', { at: '$.title', value: 'x' }, []],
  ])('takes for an id %s', (_clause, value, expected) => {
    expect(namesIn([value], NOTES).ids).toEqual(expected);
  });

  it('finds the id behind a hundred other values', () => {
    const values = [
      ...Array.from({ length: 100 }, (_, i) => ({ at: '$.tag', value: i })),
      { at: '$.id', value: 'x-1' },
    ];
    expect(namesIn(values, NOTES).ids).toEqual([{ item: 'x-1', member: 'id' }]);
  });

  it('takes nothing of a tool that writes no store', () => {
    expect(namesIn([{ at: '$.id', value: 7 }], undefined)).toEqual({ ids: [], others: [] });
  });
});
