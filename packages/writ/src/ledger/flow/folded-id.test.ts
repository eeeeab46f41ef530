import { describe, expect, it } from 'vitest';
import { foldedId, foldedIdsIn } from './folded-id.js';

describe('foldedId', () => {
  it.each(['f-99', 'F99', 'f\u200b-99', 'f%2D99', 'f–99', 'f - 99', 'f_99', 'ｆ９９', 'f-٩٩'])(
    'is one for %j',
    (id) => {
      expect(foldedId(id)).toBe('f99');
      expect(foldedIdsIn(`delete the file ${id} now`)).toContain('f99');
    },
  );

  it('is one for numbers in every writing', () => {
    expect([1217, '1217', '01217', '1,217', '١٢١٧'].map(foldedId)).toEqual(Array.from({ length: 5 }, () => '1217'));
  });

  it('is undefined for a value without digits, and for a long one', () => {
    expect([foldedId('report'), foldedId('9'.repeat(65))]).toEqual([undefined, undefined]);
  });

  it('differs for other identifiers', () => {
    expect(foldedId('f-98')).not.toBe(foldedId('f-99'));
  });
});
