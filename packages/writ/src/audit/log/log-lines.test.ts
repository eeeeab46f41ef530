import { describe, expect, it } from 'vitest';
import { MAX_ENTRY_BYTES } from '../tlog/tiles.js';
import { attachedTo, checked, lineOf } from './log-lines.js';

const entry = { kind: 'change', id: '01M8641579V9C78TQ6ZQMQGCMN', time: '2026-11-24T06:31:28.000Z' } as const;

describe('lineOf', () => {
  it.each<[string, string, boolean]>([
    ['a short text', 'x', true],
    ['the longest text of one byte a character', 'x'.repeat(MAX_ENTRY_BYTES), true],
    ['one byte more', 'x'.repeat(MAX_ENTRY_BYTES + 1), false],
    ['the longest text of three bytes a character', '€'.repeat(MAX_ENTRY_BYTES / 3), true],
    ['one character more', '€'.repeat(MAX_ENTRY_BYTES / 3 + 1), false],
    ['characters outside the plane, of four bytes for two units', '😀'.repeat(16_383), true],
    ['one such character more', '😀'.repeat(16_384), false],
  ])('%s', (_name, text, fits) => {
    const { line, attachment } = lineOf(entry, text);
    if (fits) expect([line, attachment]).toEqual([text, undefined]);
    else {
      expect(attachment?.text).toBe(text);
      expect(JSON.parse(line)).toEqual({
        v: 1,
        ...entry,
        attached: { sha256: attachment?.sha256, bytes: Buffer.byteLength(text) },
      });
      expect(checked(attachedTo(JSON.parse(line)) as string, text)).toBe(text);
    }
  });
});

it.each([[null], [undefined], [7], [{}], [{ attached: 'x' }], [{ attached: { sha256: 7 } }]])(
  'attachedTo(%j) is undefined',
  (line) => {
    expect(attachedTo(line)).toBeUndefined();
  },
);

it('an attachment that is missing or has another hash is refused', () => {
  const { attachment } = lineOf(entry, 'x'.repeat(MAX_ENTRY_BYTES + 1));
  const sha256 = attachment?.sha256 as string;
  expect(() => checked(sha256, undefined)).toThrow('is not there');
  expect(() => checked(sha256, `${attachment?.text}y`)).toThrow('another hash');
});
