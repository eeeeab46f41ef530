import { describe, expect, it } from 'vitest';
import { addedMembers } from './added-members.js';

const of = (context: string): string[][] =>
  [
    ...addedMembers(
      `action "x" appliesTo { principal: [User], resource: [Tool], context: { ${context} } };`,
      new Set(['input', 'tool']),
    ).values(),
  ].map((members) => [...members]);

describe('members that somebody added to a generated action', () => {
  it.each([
    ['nothing', 'input: XInput, tool: ToolCall', []],
    ['one', 'input: XInput, tool?: ToolCall, now: datetime', [['now: datetime']]],
    ['before the others', 'now: datetime, input?: XInput', [['now: datetime']]],
    [
      'a record and a set',
      'input: I, mandate: { kind: String, covers: Bool }, more: Set<String>',
      [['mandate: { kind: String, covers: Bool }', 'more: Set<String>']],
    ],
    ['over lines, with comments', 'input: I, // its arguments\n  now: // when\n    datetime,\n', [['now: datetime']]],
    ['a quoted name with a bracket in it', 'input: I, "a}b": Long', [['"a}b": Long']]],
  ])('are found: %s', (_what, context, expected) => {
    expect(of(context)).toEqual(expected);
  });

  it('are found of each action by its name, and end with a text that is cut off', () => {
    const all = addedMembers(
      'action "a", context: { now: datetime } };\naction b appliesTo { context: { input: I } };\naction "c d" appliesTo { context: { later: Long } };',
      new Set(['input']),
    );
    expect([...all.keys()]).toEqual(['"a"', '"c d"']);
    expect(of('now: datetime, "x')).toEqual([['now: datetime']]);
  });
});
