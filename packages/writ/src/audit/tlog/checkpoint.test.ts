import { describe, expect, it } from 'vitest';
import { parseCheckpoint, signedCheckpoint, verifiedCheckpoint } from './checkpoint.js';
import { EMPTY_ROOT, leafHash } from './hashes.js';
import { signedNote, signerOf } from './note.js';

const signer = signerOf('log.example/1', Buffer.alloc(32, 1));
const root = leafHash('x');
const base64 = root.toString('base64');
const parsed = (text: string) => parseCheckpoint(signedNote(text, signer));

describe('the text of a checkpoint', () => {
  it.each([
    [0, EMPTY_ROOT],
    [1, root],
    [Number.MAX_SAFE_INTEGER, root],
  ])('of size %i is read as it was written', (size, hash) => {
    expect(parseCheckpoint(signedCheckpoint(signer, size, hash))).toMatchObject({
      origin: 'log.example/1',
      size,
      root: hash,
    });
  });

  it('may have extension lines', () => {
    expect(parsed(`o\n3\n${base64}\nmore\n`).size).toBe(3);
  });

  it.each([
    ['no origin', `\n3\n${base64}\n`],
    ['no size', `o\n\n${base64}\n`],
    ['a size with a leading zero', `o\n03\n${base64}\n`],
    ['a size below zero', `o\n-3\n${base64}\n`],
    ['a size that is no exact number', `o\n9007199254740993\n${base64}\n`],
    ['a size in hex', `o\n0x3\n${base64}\n`],
    ['no root', 'o\n3\n'],
    ['a root of another length', `o\n3\n${Buffer.alloc(31).toString('base64')}\n`],
    ['a root in another base64', `o\n3\n${base64.replace(/=$/, '')}\n`],
    ['an empty extension line', `o\n3\n${base64}\n\nx\n`],
  ])('with %s is refused', (_name, text) => {
    expect(() => parsed(text)).toThrow('the note is not a checkpoint');
  });
});

it('a checkpoint of another log, or signed by another key, does not verify', () => {
  const text = signedCheckpoint(signer, 3, root);
  expect(verifiedCheckpoint(text, signer)).toMatchObject({ size: 3, seenBy: [] });
  const other = signerOf('log.example/2', Buffer.alloc(32, 1));
  const sameName = signerOf('log.example/1', Buffer.alloc(32, 2));
  expect(() => verifiedCheckpoint(text, other)).toThrow('is of log.example/1, not of log.example/2');
  expect(() => verifiedCheckpoint(text, sameName)).toThrow('is not signed with the key of log.example/1');
});
