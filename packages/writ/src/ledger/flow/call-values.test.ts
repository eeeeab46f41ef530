import { describe, expect, it } from 'vitest';
import { callValues } from './call-values.js';
import { Tools } from './tool-description.js';

type DeclaredTool = ConstructorParameters<typeof Tools>[0][string];

const DECLARED = new Set(['to', 'text', 'start', 'fields', 'lines', 'title', 'limit', 'urgent', 'days']);
const values = (declared: DeclaredTool, input: object): string[] =>
  callValues(new Tools({ send: declared }, {}, []).of('send'), input, DECLARED).map(
    ({ argument, role, value }) => `${argument}=${value} ${role}`,
  );
const KEY = 'AKIAIOSFODNN7EXAMPLE';

describe('values of a call that nothing describes', () => {
  const send: DeclaredTool = { effects: ['egress'], arguments: { to: 'destination', text: 'content' } };

  it.each<[string, object, string[]]>([
    ['a text', { start: KEY }, [`start=${KEY} content`]],
    ['a text that is nested', { fields: { title: [KEY] } }, [`fields=${KEY} content`]],
    ['the name of a member', { fields: { [KEY]: true } }, [`fields=${KEY} content`]],
    ['the name of a member with a value', { fields: { [KEY]: 'x' } }, [`fields=${KEY} content`, 'fields=x content']],
    ['the name of an argument', { [KEY]: 1 }, [`${KEY}=${KEY} content`]],
    ['truth values in a list', { days: [true, false] }, ['days=true content', 'days=false content']],
    ['numbers in a list', { days: [65, 75] }, ['days=65 content', 'days=75 content']],
    ['white space', { start: ' \t ' }, ['start= \t  content']],
    ['empty texts in a list', { days: ['', ' '] }, ['days= content', 'days=  content']],
    ['a number that is long enough for a text', { limit: 7265766561 }, ['limit=7265766561 content']],
    ['a truth value', { urgent: true }, ['urgent=true content']],
    ['the name of a member in content', { text: { [KEY]: null } }, [`text=${KEY} content`]],
    ['the name of a member in a destination', { to: { [KEY]: true } }, [`to=${KEY} destination`]],
  ])('are content: %s', (_what, input, expected) => {
    expect(values(send, input)).toEqual(expected);
  });

  it.each<[string, object]>([
    ['a number alone', { limit: 20 }],
    ['a truth value that is not', { urgent: false }],
    ['a name that the schema has, and no text', { fields: { limit: null, urgent: false } }],
    ['an empty text', { start: '' }],
    ['a number of few digits', { limit: 12 }],
  ])('are not content: %s', (_what, input) => {
    expect(values(send, input)).toEqual([]);
  });

  it('are not content where nothing leaves: a truth value', () => {
    expect(values({ effects: ['write'], arguments: {} }, { urgent: true })).toEqual([]);
  });

  it('are content beside places that have a role', () => {
    const invite: DeclaredTool = { effects: ['write'], arguments: { 'lines[*].to': 'destination' } };
    expect(values(invite, { lines: [{ to: 'ana', title: KEY }] })).toEqual([
      'lines=ana destination',
      `lines=${KEY} content`,
    ]);
  });

  it('are not traced for a tool that only reads', () => {
    expect(values({ effects: ['read'] }, { start: KEY })).toEqual([]);
  });
});
