import { describe, expect, it } from 'vitest';
import { readSubject } from './subject-identifier.js';

const ada = { format: 'email', email: 'ada@shop.example' };
const phone = { format: 'opaque', id: 'device-1' };

describe('readSubject', () => {
  it.each([
    ['a simple subject', ada, { user: ada }],
    [
      'a token',
      { format: 'jwt_id', iss: 'https://idp.example', jti: '1' },
      { user: { format: 'jwt_id', iss: 'https://idp.example', jti: '1' } },
    ],
    ['the first of several names', { format: 'aliases', identifiers: [ada, phone] }, { user: ada }],
    ['a complex subject', { format: 'complex', user: ada, device: phone }, { user: ada, device: phone }],
    ['a complex subject with a part that nobody knows', { format: 'complex', user: ada, pet: phone }, { user: ada }],
  ])('reads %s', (_what, subId, expected) => {
    expect(readSubject(subId, [])).toEqual(expected);
  });

  it.each([
    ['a text', 'ada', [], /is not a subject identifier/],
    ['nothing', null, [], /is not a subject identifier/],
    ['a format that nobody knows', { format: 'name', name: 'ada' }, [], /the format name is not understood/],
    ['a format without its member', { format: 'email' }, [], /the format email is not understood, or not complete/],
    ['no names', { format: 'aliases', identifiers: [] }, [], /is not a subject identifier/],
    ['a complex subject of nobody', { format: 'complex', pet: phone }, [], /names nobody/],
    [
      'a part of a wrong form',
      { format: 'complex', user: { format: 'email' } },
      [],
      /sub_id.user is not a subject identifier/,
    ],
    ['a critical part that nobody knows', { format: 'complex', user: ada, pet: phone }, ['pet'], /critical member pet/],
  ])('refuses %s', (_what, subId, critical, message) => {
    expect(readSubject(subId, critical)).toMatch(message);
  });
});
