import { describe, expect, it } from 'vitest';
import { givenJson, givenShape, readGiven } from './given.js';

const uid = { type: 'User', id: 'ada' };

describe('readGiven', () => {
  it.each([
    ['an entity alone', { uid }, { entity: { uid } }],
    ['no facts', { uid, attrs: { a: 1 }, facts: {} }, { entity: { uid, attrs: { a: 1 } } }],
    [
      'facts, with times in ms',
      { uid, facts: { risk: { source: 'idp', asOf: '2026-11-30T12:00:00+01:00', maxAge: '5m' } } },
      {
        entity: { uid },
        facts: { risk: { source: 'idp', asOf: Date.parse('2026-11-30T11:00:00Z'), maxAge: 300_000 } },
      },
    ],
    ['a fact of which nothing more is said', { uid, facts: { risk: {} } }, { entity: { uid }, facts: { risk: {} } }],
  ])('reads %s', (_what, json, expected) => {
    expect(readGiven(givenShape.parse(json))).toEqual(expected);
  });

  it.each([
    ['a member of a fact that nobody knows', { uid, facts: { risk: { until: '5m' } } }],
    ['a time without its zone', { uid, facts: { risk: { asOf: '2026-11-30T12:00:00' } } }],
    ['a time for ever', { uid, facts: { risk: { maxAge: 'never' } } }],
    ['no type', { uid: { type: '', id: 'a' } }],
  ])('refuses %s', (_what, json) => {
    expect(givenShape.safeParse(json).success).toBe(false);
  });

  it.each([
    [{ uid, attrs: { a: 1 } }],
    [{ uid, facts: { risk: { source: 'idp', asOf: '2026-11-30T11:00:00.000Z', maxAge: '300000ms' } } }],
    [{ uid, facts: { risk: {} } }],
  ])('is undone by givenJson: %j', (json) => {
    expect(givenJson(readGiven(givenShape.parse(json)))).toEqual(json);
  });
});
