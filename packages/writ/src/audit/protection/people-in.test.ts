import { expect, it } from 'vitest';
import type { LogEntry } from '../../decide/record.js';
import { peopleIn } from './people-in.js';

const TYPES = new Set(['User', 'Shop::Customer']);
const ana = { type: 'User', id: 'ana' };

it.each<[string, object, string[]]>([
  ['nobody', { request: { subject: { type: 'Agent', id: 'bot' } } }, []],
  [
    'an entity anywhere',
    { request: { subject: ana }, facts: [{ uid: { type: 'Shop::Customer', id: '7' } }] },
    ['Shop::Customer::"7"', 'User::"ana"'],
  ],
  ['an entity with more members', { request: { subject: { ...ana, properties: {} } } }, ['User::"ana"']],
  ['a person once', { a: ana, b: [ana, { c: ana }] }, ['User::"ana"']],
  ['a name in a text', { refusal: { message: 'not for User::"ana" now' } }, ['User::"ana"']],
  ['a name in a key', { ledger: { 'User::"ana"': 3 } }, ['User::"ana"']],
  ['names in a key of several parts', { key: JSON.stringify(['User::"ana"', 'x']) }, ['User::"ana"']],
  ['a name with quotes in it', { text: 'User::"a\\"b"' }, ['User::"a\\"b"']],
  ['a type that only ends alike', { text: 'SuperUser::"ana"' }, []],
  ['text that is no JSON', { text: '{::\\" User::"ana"' }, ['User::"ana"']],
  ['an entity without an id', { subject: { type: 'User' } }, []],
])('finds %s', (_name, parts, people) => {
  expect(peopleIn({ kind: 'decision', ...parts } as unknown as LogEntry, TYPES)).toEqual(people);
});

it.each<[string, unknown, string, string[]]>([
  ['people that a search found', { subject: { type: 'User' } }, 'subject', ['User::"ana"', 'User::"ben"']],
  ['no ids of another type', { resource: { type: 'Order' } }, 'resource', []],
  ['no ids where the request names no type', {}, 'subject', []],
  ['no ids without a request', null, 'subject', []],
])('finds %s', (_name, request, what, people) => {
  const entry = { kind: 'search', what, request, results: ['ben', 'ana'] } as unknown as LogEntry;
  expect(peopleIn(entry, TYPES)).toEqual(people);
});
