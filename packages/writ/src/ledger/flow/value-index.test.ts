import { describe, expect, it } from 'vitest';
import type { TaskKey } from '../../lib/ids.js';
import type { Labels } from './labels.js';
import { saidIn } from './said-values.js';
import { ValueIndex } from './value-index.js';

const H = 3_600_000;
const [T1, T2] = ['t1', 't2'] as readonly string[] as [TaskKey, TaskKey];
const USE = { role: 'destination', kind: undefined, nouns: new Set<string>() } as const;
const at = (ms: number): Date => new Date(Date.parse('2026-12-01T08:00:00Z') + ms);

function labels(
  integrity: Labels['integrity'],
  confidentiality: Labels['confidentiality'] = 'public',
  ...names: string[]
): Labels {
  return { integrity, confidentiality, names };
}

function index() {
  const values = new ValueIndex();
  return {
    values,
    read: (lineage: string, value: string, of: Labels, ms = 0) =>
      values.addRead(lineage, at(ms), (said) =>
        said.addResult('d', 'read', saidIn([{ at: '$', value, labels: of, kind: undefined }])),
      ),
    find: (task: TaskKey, lineage: string, value: string, ms = 0) =>
      values.known(task, lineage, at(ms))?.find(value, USE),
  };
}

describe('the values that tasks of one owner have read', () => {
  it('are found by the next task, with their integrity, and by nobody else', () => {
    const { read, find } = index();
    read('ana', 'order 17', labels('internal', 'confidential', 'pii'));
    expect(find(T2, 'ana', 'order 17')).toMatchObject({
      from: 'field',
      labels: labels('internal', 'confidential', 'pii'),
    });
    expect(find(T2, 'ben', 'order 17')).toBeUndefined();
  });

  it('are never the user’s by the prompt or the approval of another task', () => {
    const { values, read, find } = index();
    values.update(T1, (own) => {
      own.addPrompt('Take "order 17"');
      own.approve('order 18');
      own.approveTool('take');
    });
    read('ana', 'order 17', labels('external'));
    expect(find(T1, 'ana', 'order 17')?.labels.integrity).toBe('user');
    expect(find(T2, 'ana', 'order 17')?.labels.integrity).toBe('external');
    const other = values.known(T2, 'ana', at(0));
    expect([other?.isApproved('order 18'), other?.isApprovedTool('take'), other?.asksFor(['take'])]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('have the labels of all that say them, also of what the prompt says', () => {
    const { values, read, find } = index();
    read('ana', 'order 17', labels('internal', 'public', 'pii'));
    // Another part of the window.
    read('ana', 'order 17', labels('external', 'restricted', 'secret'), 7 * H);
    expect(find(T2, 'ana', 'order 17', 7 * H)).toMatchObject({
      from: 'field',
      labels: labels('internal', 'restricted', 'pii', 'secret'),
    });
    values.update(T2, (own) => own.addPrompt('Take "order 17"'));
    expect(find(T2, 'ana', 'order 17', 7 * H)).toMatchObject({
      from: 'prompt',
      labels: labels('user', 'restricted', 'pii', 'secret'),
    });
  });

  it('are forgotten after the window', () => {
    const { read, find } = index();
    read('ana', 'order 17', labels('internal'));
    expect(find(T2, 'ana', 'order 17', 24 * H - 1)).toBeDefined();
    expect(find(T2, 'ana', 'order 17', 24 * H)).toBeUndefined();
    read('ana', 'order 18', labels('internal'), 24 * H);
    expect(find(T2, 'ana', 'order 18', 24 * H)?.isPartial).toBe(false);
  });

  it('are partial once one within the window was forgotten', () => {
    const { read, find } = index();
    read('ana', 'order 17', labels('internal'));
    // More parts than are kept: nothing is found of the first, and the rest may be said by it too.
    for (let i = 0; i < 8 * 60; i += 1) read('ana', `value ${i}`, labels('internal'));
    expect(find(T2, 'ana', 'order 17')).toBeUndefined();
    expect(find(T2, 'ana', 'value 400')?.isPartial).toBe(true);
    expect(find(T2, 'ana', 'value 400', 24 * H)).toBeUndefined();
  });

  it('lose a label that is taken off', () => {
    const { values, read, find } = index();
    read('ana', 'order 17', labels('internal', 'confidential', 'pii'));
    values.declassifyRead('ana', ['pii', 'confidential']);
    expect(find(T2, 'ana', 'order 17')?.labels).toEqual(labels('internal', 'internal'));
  });

  it('may have been named by a text of others, if something that was read is forgotten', () => {
    const { values, read, find } = index();
    for (let page = 0; page < 481; page++) read('ana', `order ${page}`, labels('system'), page);
    expect(find(T1, 'ana', 'order 480', 1_000)?.said).toEqual(['field', 'text']);
    read('ben', 'order 17', labels('system'));
    expect(find(T1, 'ben', 'order 17')?.said).toEqual(['field']);
    values.noteUnread('ben', at(-1 * H).getTime());
    values.noteUnread('ben', at(-2 * H).getTime());
    expect(find(T1, 'ben', 'order 17')).toMatchObject({ isPartial: false, said: ['field', 'text'] });
    read('ben', 'order 17', labels('system'), 22 * H);
    expect(find(T1, 'ben', 'order 17', 23 * H - 1)?.said).toEqual(['field', 'text']);
    expect(find(T1, 'ben', 'order 17', 23 * H)?.said).toEqual(['field']);
    expect(find(T1, 'cem', 'order 17')).toBeUndefined();
  });
});
