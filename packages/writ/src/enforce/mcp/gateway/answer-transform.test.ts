import type { Obligation } from '@writ/sdk/authzen';
import { describe, expect, it } from 'vitest';
import { changedAnswer } from './answer-transform.js';

const hash = (text: string): string => `h(${text.length})`;
const of = (type: string, properties: Record<string, unknown>): Obligation => ({ id: type, type, properties });
const answer = async (result: Record<string, unknown>, ...obligations: Obligation[]) =>
  (await changedAnswer(result, obligations, hash)).result;
const text = (value: unknown): Record<string, unknown> => ({
  type: 'text',
  text: typeof value === 'string' ? value : JSON.stringify(value),
});
const WITHHELD = '[withheld: it could not be changed as the policy asks]';

describe('an answer of a tool', () => {
  it('loses a field in its data and in the text of the same, wherever it is', async () => {
    const data = { people: [{ ssn: '1', name: 'a' }, { name: 'b' }, { ssn: '3', more: { ssn: '4' } }] };
    const result = await answer(
      { structuredContent: data, content: [text(data)] },
      of('drop-field', { path: '$..ssn' }),
    );
    const expected = { people: [{ name: 'a' }, { name: 'b' }, { more: {} }] };
    expect(result).toEqual({ structuredContent: expected, content: [text(expected)] });
  });

  it('loses several places of one list', async () => {
    const result = await answer({ content: [text([1, 2, 3, 4])] }, of('drop-field', { path: '$[0,1,3]' }));
    expect(result.content).toEqual([text([3])]);
  });

  it('has nothing beside what was changed that could not be', async () => {
    const picture = { type: 'image', data: 'AAAA', mimeType: 'image/png' };
    const prose = text('Her number is 123.');
    const result = await answer(
      { structuredContent: { ssn: '123' }, content: [prose, picture, text({ ssn: '123' })] },
      of('redact', { path: '$.ssn' }),
    );
    expect(result.structuredContent).toEqual({ ssn: '[redacted]' });
    expect(result.content).toEqual([text(WITHHELD), text(WITHHELD), text({ ssn: '[redacted]' })]);
  });

  it('is withheld when nothing of it can be changed', async () => {
    const changed = answer({ content: [text('Her number is 123.')] }, of('redact', { path: '$.ssn' }));
    await expect(changed).rejects.toThrow('nothing of the answer can be changed');
  });

  it('is redacted by class in texts, in names of fields and in numbers', async () => {
    const card = '4111111111111111';
    const result = await answer(
      { structuredContent: { [card]: 1, n: Number(card) }, content: [text(`card ${card}!`)] },
      of('redact', { class: 'card' }),
    );
    expect(JSON.stringify(result)).not.toContain(card);
    expect(result.content).toEqual([text('card [redacted]!')]);
  });

  it('one of a class that is not known here is redacted whole', async () => {
    expect((await answer({ content: [text('anything')] }, of('redact', { class: 'dna' }))).content).toEqual([
      text('[redacted]'),
    ]);
  });

  it.each<[string, Obligation, unknown]>([
    ['a cap of what is no number', of('cap', { path: '$.a', max: 1, on: 'result' }), { a: 'x' }],
    ['a mark on what is no text', of('watermark', { path: '$.a', text: 'm' }), { a: 1 }],
    ['everything', of('drop-field', { path: '$' }), { a: 1 }],
    ['a type that is not known', of('shred', {}), { a: 1 }],
    ['nested too deep', of('drop-field', { path: '$..a' }), nested(2_000)],
  ])('is withheld when it cannot be carried out: %s', async (_what, obligation, data) => {
    await expect(answer({ structuredContent: data }, obligation)).rejects.toMatchObject({ code: 'obligation_failed' });
  });

  it('says what it was and became', async () => {
    const { changes } = await changedAnswer(
      { content: [text({ a: 1 })] },
      [of('drop-field', { path: '$.a' }), of('drop-field', { path: '$.b' })],
      hash,
    );
    expect(changes.map(({ before, after }) => before === after)).toEqual([false, true]);
  });
});

function nested(depth: number): unknown {
  let value: unknown = { a: 1 };
  for (let i = 0; i < depth; i += 1) value = [value];
  return value;
}
