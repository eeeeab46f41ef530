import { describe, expect, it } from 'vitest';
import type { Integrity } from './labels.js';
import { leavesOf } from './result-labels.js';
import { Tools } from './tool-description.js';
import { trustedPart } from './trusted-part.js';

const RULES = {
  $: 'external',
  '$..id': 'system',
  '$.tags[1]': 'internal',
  '$.name': 'internal',
  '$.title': ['attested', 'public'],
  '$.people.*': 'internal',
};

function part(
  value: unknown,
  least: Integrity,
  names: readonly string[],
  rest: readonly unknown[] = [],
  input: unknown = {},
): unknown {
  const tool = new Tools({ find: { effects: ['read'], result: RULES } }, {}, []).of('find');
  const leaves = leavesOf(tool, {}, { value, rest, texts: [] });
  return trustedPart(value, leaves, { least, names: new Set(names), input });
}

const ANSWER = {
  id: 'c-1',
  note: 'id is c-9',
  deep: { id: 7, note: 'x', on: true },
  tags: ['ours? no', 'ours', 'no'],
  title: 'known sender',
  gone: null,
};
const NAMES = ['id', 'note', 'deep', 'on', 'tags', 'title', 'gone'];

describe('the part of an answer that an accumulator sees', () => {
  it('has the values that are worth enough, and null for items of a list that are not', () => {
    expect(part(ANSWER, 'internal', NAMES)).toEqual({
      id: 'c-1',
      deep: { id: 7 },
      tags: [null, 'ours', null],
      gone: null,
    });
    expect(part(ANSWER, 'system', NAMES)).toEqual({
      id: 'c-1',
      deep: { id: 7 },
      tags: [null, null, null],
      gone: null,
    });
    expect(part(ANSWER, 'external', NAMES)).toEqual(ANSWER);
  });

  it('has a name that others may have chosen as attested, unless a rule is about that very member', () => {
    expect(part({ name: 'Ana' }, 'internal', ['name'])).toEqual({ name: 'Ana' });
    expect(part({ people: { label: 'Ana' } }, 'internal', ['people', 'label'])).toEqual({ people: {} });
    expect(part({ people: { label: 'Ana' } }, 'attested', ['people', 'label'])).toEqual({ people: { label: 'Ana' } });
    expect(part({ title: 'Ana' }, 'internal', ['title'])).toEqual({});
  });

  it('leaves out members whose names strangers chose, and has those that the author wrote', () => {
    const answer = { people: { 'c-9': 'ours' }, id: 'c-1' };
    expect(part(answer, 'internal', ['people', 'id'])).toEqual({ people: {}, id: 'c-1' });
    expect(part(answer, 'external', [])).toEqual(answer);
  });

  it('trusts no value beside which the answer says the same with less behind it', () => {
    expect(part({ id: 'c-1', text: 'c-1' }, 'internal', ['id', 'text'], ['c-1'])).toEqual({ id: 'c-1' });
    const stored = part({ id: '' }, 'internal', ['id']);
    expect(stored).toEqual({});
  });

  it('leaves out flags that the call itself named', () => {
    const rules = ['people', 'on', 'off'];
    const answer = { people: { on: true, off: false } };
    expect(part(answer, 'internal', rules)).toEqual(answer);
    expect(part(answer, 'internal', rules, [], { deep: [{ on: true }], off: 'no' })).toEqual({
      people: { off: false },
    });
  });

  it('is nothing where a value is too deep to be labelled', () => {
    let deep: unknown = { id: 'c-1' };
    for (let i = 0; i < 80; i += 1) deep = [deep];
    expect(JSON.stringify(part(deep, 'external', ['id']))).not.toContain('c-1');
    expect(part('c-1', 'internal', [])).toBeUndefined();
  });
});
