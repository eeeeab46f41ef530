import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { LogEntry } from '../../decide/record.js';
import { isSealed, opened, type SealedEntry, sealed } from './sealing.js';

const entry = { kind: 'decision', id: '01M8641579V9C78TQ6ZQMQGCMN', time: 't', result: 'deny' } as unknown as LogEntry;
const KEYS = ['a', 'b', 'c'].map((id) => ({ id, key: randomBytes(32) }));
const finder = (without?: string) => async (id: string) => KEYS.find((key) => key.id === id && id !== without)?.key;
const line = (text = '{"secret":1}'): SealedEntry => JSON.parse(sealed(entry, text, KEYS)) as SealedEntry;

it('the keys of all people open an entry', async () => {
  expect(await opened(line(), finder())).toBe('{"secret":1}');
});

it('the line has what is in the clear, and nothing else', () => {
  const { sealed: parts, ...clear } = line();
  expect(clear).toEqual({ v: 1, ...entry });
  expect(parts.keys).toEqual(['a', 'b', 'c']);
  expect(JSON.stringify(line())).not.toContain('secret');
});

it.each(['a', 'b', 'c'])('without the key %s it stays closed', async (id) => {
  expect(await opened(line(), finder(id))).toBeUndefined();
});

it('the same text is sealed differently each time', () => {
  expect(line().sealed.data).not.toBe(line().sealed.data);
});

it.each<[string, (from: SealedEntry) => SealedEntry]>([
  ['another id', (from) => ({ ...from, id: '01M8641579V9C78TQ6ZQMQGCMM' })],
  ['another kind', (from) => ({ ...from, kind: 'outcome' })],
  ['the keys in another order', (from) => ({ ...from, sealed: { ...from.sealed, keys: ['b', 'a', 'c'] } })],
  ['one key fewer', (from) => ({ ...from, sealed: { ...from.sealed, keys: ['a', 'b'] } })],
])('an entry with %s is refused', async (_name, change) => {
  await expect(opened(change(line()), finder())).rejects.toThrow();
});

it('an entry with any byte changed is refused', async () => {
  const from = line();
  const bytes = Buffer.from(from.sealed.data, 'base64');
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8((changed[at] as number) ^ 1, at);
    const sealedParts = { ...from.sealed, data: changed.toString('base64') };
    await expect(opened({ ...from, sealed: sealedParts }, finder()), `byte ${at}`).rejects.toThrow();
  }
});

it.each([
  [{ sealed: { keys: [], data: '' } }, true],
  [{ sealed: 'x' }, false],
  [{}, false],
  [null, false],
])('isSealed(%j) is %s', (value, is) => {
  expect(isSealed(value)).toBe(is);
});
