import { Schema } from '@writ/cedar';
import { expect, it } from 'vitest';
import { givenInput } from './context.js';

const [action] = Schema.parse(`entity User, Route;
action put appliesTo { principal: [User], resource: [Route], context: { input: { body?: { seen?: String }, text?: String } } };`).actions;
const type = action?.context.attributes.get('input')?.type ?? expect.fail();
const seen = (input: object, ...opaque: string[]): unknown => givenInput({ input }, opaque, type);

it.each<[string, object, string[], unknown]>([
  ['an argument', { body: { seen: 'a' }, text: 'b' }, ['body'], { text: 'b' }],
  ['a member', { body: { seen: 'a', lines: [[1]] } }, ['body.lines'], { body: { seen: 'a' } }],
  ['no other member', { body: { seen: 'a', more: 1 } }, ['body.lines'], { body: { seen: 'a', more: 1 } }],
  ['no member that the schema declares', { body: { seen: 'a' } }, ['body.seen'], { body: { seen: 'a' } }],
  ['no member of a text', { text: 'b' }, ['text.length'], { text: 'b' }],
  ['no member by a longer name', { body: { lines: 1 } }, ['bod.lines', 'body.lines.x'], { body: { lines: 1 } }],
])('opaque drops %s', (_what, input, opaque, expected) => {
  expect(seen(input, ...opaque)).toEqual(expected);
});
