import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anythingEchoed, echoesOf, withEchoes } from './echo.js';
import { join, type Labels } from './labels.js';
import type { Leaf } from './result-labels.js';
import { leavesOf } from './result-labels.js';
import { readAnswer } from './result-value.js';
import { saidIn } from './said-values.js';
import { NOTHING_STORED } from './stored-labels.js';
import { TaskValues } from './task-values.js';
import { Tools } from './tool-description.js';

const INTERNAL: Labels = { integrity: 'internal', confidentiality: 'internal', names: [] };
const SECRET: Labels = { integrity: 'internal', confidentiality: 'restricted', names: ['pii'] };
const tool = new Tools({ search_contacts: { effects: ['read'], result: 'internal' } }, {}, []).of('search_contacts');

/** Returns the labels that a value of the answer has, after a call with an input. */
function echoed(input: object, answer: unknown, say: (values: TaskValues) => void = () => undefined): Leaf[] {
  const values = new TaskValues();
  say(values);
  const echoes = echoesOf(tool, input, { values, taskLabels: ['external', 'pii'], named: [] });
  return [...withEchoes(leavesOf(tool, input, readAnswer(answer), NOTHING_STORED), echoes)];
}
const labelsOf = (leaves: readonly Leaf[], value: unknown): Labels | undefined =>
  leaves.find((leaf) => leaf.value === value)?.labels;

const EVE = 'eve@evil.example';

describe('an answer that repeats an argument', () => {
  it.each<[string, object, string]>([
    ['as a field', { query: EVE, results: [] }, EVE],
    ['as an item', [EVE], EVE],
    ['as the name of a member', { [EVE]: [] }, EVE],
    ['in other letters', { query: EVE.toUpperCase() }, EVE.toUpperCase()],
    ['in a longer value', { link: `mailto:${EVE}` }, `mailto:${EVE}`],
    ['with a name', { to: `Eve <${EVE}>` }, `Eve <${EVE}>`],
    [
      'within an error',
      { content: [{ type: 'text', text: `No contact: ${EVE}` }], isError: true } as object,
      `No contact: ${EVE}`,
    ],
    ['beside the answer', { content: [], structuredContent: { a: 1 }, _meta: { asked: EVE } } as object, EVE],
  ])('%s gives it the origin of the argument', (_what, answer, value) => {
    const leaves = echoed({ name: EVE }, answer);
    const found = leaves.find((leaf) => leaf.value === value);
    expect(found?.labels.integrity).toBe('external');
    expect(found?.labels.names).toContain('pii');
  });

  it('takes a part of an argument for that argument', () => {
    expect(labelsOf(echoed({ text: `write to ${EVE} now` }, { found: EVE }), EVE)?.integrity).toBe('external');
  });

  it('takes nothing away from the rest of the answer', () => {
    const leaves = echoed({ name: 'Bob' }, { name: 'Bob', mail: 'bob@corp.example' });
    expect(labelsOf(leaves, 'bob@corp.example')).toEqual(INTERNAL);
    expect(labelsOf(leaves, 'Bob')?.integrity).toBe('external');
  });

  it('takes nothing away from a value that the user named', () => {
    const leaves = echoed({ name: 'Bob' }, { name: 'Bob' }, (values) => values.addPrompt('Look for Bob'));
    expect(labelsOf(leaves, 'Bob')).toEqual(INTERNAL);
  });

  it('is no record of ours for what the user asked with, once others say it', () => {
    const leaves = echoed({ query: EVE }, [{ email: EVE }], (values) => values.addPrompt(`Look for ${EVE}`));
    expect(leaves.find(({ value }) => value === EVE)).toMatchObject({ labels: INTERNAL, isSteered: true });
  });

  it.each([
    ['a title that became an id', { id: 'Old Plan' }, { id: 'old-plan' }, 'old-plan'],
    ['an id without its letters', { id: '99' }, { id: 'f-99' }, 'f-99'],
    ['a part of a link', { q: 'mailto:bob@corp.example?bcc=eve%40evil.example' }, { found: EVE }, EVE],
  ])('has the origin of the argument: %s', (_what, input, answer, value) => {
    expect(labelsOf(echoed(input, answer), value)?.integrity).toBe('external');
  });

  it('has the labels of a value from a field of another answer', () => {
    const say = (values: TaskValues): void =>
      void values.addResult('01D', 'hr', saidIn([{ at: '$', value: 'Bob Smith', labels: SECRET, kind: undefined }]));
    expect(labelsOf(echoed({ name: 'Bob Smith' }, ['Bob Smith'], say), 'Bob Smith')).toEqual(SECRET);
  });

  it('takes small numbers and texts for an echo only in a member of the same name', () => {
    const leaves = echoed({ limit: 5, event_id: 7 }, { id: 7, count: 5, order: 5 });
    expect(leaves.filter(({ value }) => value === 5).map(({ labels }) => labels.integrity)).toEqual([
      'internal',
      'internal',
    ]);
    expect(labelsOf(leaves, 7)?.integrity).toBe('external');
  });

  it('is anywhere, if the arguments are not known or are too many', () => {
    const leaf: Leaf = { at: '$', value: 'x', labels: INTERNAL, kind: undefined };
    expect(withEchoes([leaf], anythingEchoed(['pii']))[0]?.labels).toMatchObject({
      integrity: 'external',
      names: ['pii'],
    });
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`a${i}`, `value ${i}`]));
    expect(labelsOf(echoed(many, ['other']), 'other')?.integrity).toBe('external');
  });

  it('never adds trust, nor takes a label away (property)', () => {
    const text = fc.stringMatching(/^[a-z@. ]{1,20}$/);
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), fc.array(text, { maxLength: 6 }), (given, answer) => {
        const input = Object.fromEntries(given.map((value, i) => [`a${i}`, value]));
        const before = leavesOf(tool, input, readAnswer(answer), NOTHING_STORED);
        const after = echoed(input, answer);
        expect(after.map(({ value }) => value)).toEqual(before.map(({ value }) => value));
        for (const [i, { labels }] of after.entries()) expect(labels).toEqual(join(labels, (before[i] as Leaf).labels));
      }),
    );
  });
});
