import type { AccessRequest } from '@writ/sdk/authzen';
import { array, assert, constantFrom, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planeFrom } from '../../test/planes.js';
import type { EventData, LedgerEvent } from '../ledger/event.js';
import type { NamesInAnswer } from '../ledger/flow/names-in.js';
import { everyLabel } from '../ledger/flow/stored-labels.js';
import { Ledger } from '../ledger/ledger.js';
import type { TaskKey } from '../lib/ids.js';
import { dataFlowOf } from './data-flow.js';
import { storedFor, writtenAfter } from './store-flow.js';

const plane = planeFrom({
  'schema.cedarschema': 'entity User, Tool; action x appliesTo { principal: [User], resource: [Tool] };',
  'tools.yaml': `
tools:
  read: { effects: [read], reads: file, arguments: { path: target } }
  write: { effects: [write], writes: file, arguments: { path: target, text: content } }
  copy: { effects: [write], reads: file, writes: file, arguments: { source: target, destination: target } }
  save: { effects: [write], reads: file, writes: file, arguments: { source: target, destination: destination } }
  duplicate: { effects: [write], reads: file, writes: file, arguments: { path: target } }
  edit: { effects: [write], reads: file, writes: file, arguments: { path: target, text: content } }
  create: { effects: [write], creates: file, arguments: { text: content } }
  import: { effects: [write], reads: mail, writes: file, arguments: { id: target } }
  mail: { effects: [write, egress], reads: file, writes: file, arguments: { path: target, to: destination } }
  short: { effects: [write], writes: log, arguments: { path: target, text: content } }
stores: { log: { keep: 30d } }
`,
  'policies/all.cedar': '@id("p") permit(principal, action, resource);',
});
const now = new Date('2026-06-01T12:00:00Z');
const task = 'task' as TaskKey;

const dataOf = (
  tool: string,
  input: object,
  ledger = new Ledger({}),
  resource = { type: 'Tool', id: tool },
): EventData => {
  const request: AccessRequest = {
    subject: { type: 'User', id: 'ana' },
    action: { name: tool },
    resource,
    context: { input },
  };
  return dataFlowOf(plane.tools.of(tool), request, { ledger, task, coverage: undefined, now }).data as EventData;
};
const eventOf = (data: EventData, labels: readonly string[] = []): LedgerEvent => ({
  ...{ action: 'x', isOwn: false, input: {}, lineage: 'o', labels, effects: [], call: undefined, data },
  resource: { type: 'Tool', id: 'x' },
  keys: { task, actor: 'a', originator: 'o', resource: 'r', session: 's' },
});
const done = (ledger: Ledger, data: EventData): void => void ledger.reserve(`d${Math.random()}`, eventOf(data), now);
const labelled = (path: string, labels: readonly string[]): Ledger => {
  const ledger = new Ledger({});
  done(ledger, { ...dataOf('write', { path, text: 'x' }, ledger), labels });
  return ledger;
};
const read = (ledger: Ledger, path: string): readonly string[] => dataOf('read', { path }, ledger).stored;

describe('the things that a call writes', () => {
  it.each<[string, object, string[]]>([
    ['write', { path: 'a', text: 'x' }, ['["file","a","path"]']],
    ['copy', { source: 'a', destination: 'b' }, ['["file","a","path"]', '["file","b","path"]']],
    ['save', { source: 'a', destination: 'b' }, ['["file","a","path"]', '["file","b","path"]']],
    ['edit', { path: 'a', text: 'x' }, ['["file","a","path"]']],
    ['duplicate', { path: 'a' }, ['["file"]', '["file","a","path"]']],
    ['create', { text: 'x' }, ['["file"]']],
    ['import', { id: '17' }, ['["file"]', '["file","17","id"]']],
    ['mail', { path: 'a', to: 'b@shop.example' }, ['["file"]', '["file","a","path"]']],
    ['write', { text: 'x' }, ['["file"]']],
    ['write', { path: Array.from({ length: 1_001 }, (_, i) => `f${i}`), text: 'x' }, ['["file"]']],
  ])('of %s with %j are found', (tool, input, expected) => {
    expect([...dataOf(tool, input).writes].sort()).toEqual([...expected].sort());
  });

  it('is a resource that the call was mapped to, by the argument that has its id', () => {
    const data = dataOf('create', { note: '17', text: 'x' }, new Ledger({}), { type: 'Note', id: '17' });
    expect([...data.writes].sort()).toEqual(['["file","note::/17","note"]', '["file"]']);
  });

  const names = (ids: readonly string[], others: readonly string[] = []): NamesInAnswer => ({
    ids: ids.map((item) => ({ item, member: 'id' })),
    others,
  });
  it.each<[string, string, object, NamesInAnswer, string[]]>([
    [
      'the id that an answer has',
      'create',
      { text: 'x' },
      names(['40']),
      ['["file","40","","alias"]', '["file","40","id"]'],
    ],
    ['the whole store without an id', 'create', { text: 'x' }, names([], ['ok']), ['["file"]']],
    [
      'the whole store with too many ids',
      'create',
      { text: 'x' },
      names(Array.from({ length: 100 }, (_, i) => `${i}`)),
      ['["file"]'],
    ],
    ['more than the source of a copy', 'duplicate', { path: 'a' }, names(['./A']), ['["file"]', '["file","a","path"]']],
    [
      'other names',
      'write',
      { path: 'a', text: 'x' },
      names([], ['17']),
      ['["file","17","","alias"]', '["file","a","path"]'],
    ],
    ['no names where the whole store is labelled', 'write', { text: 'x' }, names(['17']), ['["file"]']],
  ])('are, once the answer is known, %s', (_what, tool, input, found, expected) => {
    expect([...writtenAfter(dataOf(tool, input), found, new Ledger({}), now)].sort()).toEqual([...expected].sort());
  });

  it('are labelled for as long as the store keeps labels', () => {
    expect(dataOf('short', { path: 'a', text: 'x' }).keepMs).toBe(30 * 86_400_000);
    expect(dataOf('write', { path: 'a', text: 'x' }).keepMs).toBeUndefined();
  });
});

describe('a name that a call gives', () => {
  const seen = (): Ledger => {
    const ledger = new Ledger({});
    ledger.reserve('d1', eventOf({ stored: [], writes: [], labels: [] }, ['external']), now);
    return ledger;
  };
  it('has the labels of the task that it was made up in', () => {
    expect(dataOf('write', { path: 'a', text: 'x' }, seen()).names).toEqual([
      { key: '["file","a","path","name"]', labels: ['external'] },
    ]);
  });

  it('has no labels if the user said it', () => {
    const ledger = seen();
    ledger.values.update(task, (values) => values.addPrompt('write it into todo.md'));
    expect(dataOf('write', { path: 'todo.md', text: 'x' }, ledger).names).toEqual([]);
  });
});

it('what a call read has the labels that came meanwhile, and those that went', () => {
  const ledger = labelled('a', ['pii']);
  const data = dataOf('read', { path: 'a' }, ledger);
  done(ledger, { ...dataOf('write', { path: 'a', text: 'x' }, ledger), labels: ['secret'] });
  expect(everyLabel(storedFor(data, ledger, now))).toEqual(['pii', 'secret']);
  ledger.declassify({ store: 'file', item: 'a' }, ['pii', 'secret']);
  expect(everyLabel(storedFor(data, ledger, now))).toEqual(['pii']);
});

it('a copy carries nothing but what was copied', () => {
  const ledger = labelled('a', ['pii']);
  ledger.reserve('d1', eventOf({ stored: [], writes: [], labels: [] }, ['external']), now);
  expect(dataOf('save', { source: 'b', destination: 'c' }, ledger).labels).toEqual([]);
  expect(dataOf('save', { source: 'a', destination: 'c' }, ledger).labels).toEqual(['pii']);
  expect(dataOf('copy', { source: 'b', destination: 'c', row: 7 }, ledger).labels).toEqual(['external']);
});

it('a clean file that replaces another does not get its labels', () => {
  const ledger = labelled('b', ['pii']);
  done(ledger, dataOf('save', { source: 'a', destination: 'b' }, ledger));
  expect([read(ledger, 'a'), read(ledger, 'b')]).toEqual([[], ['pii']]);
});

const anyPath = constantFrom('a', 'b', 'out', 'out/a', 'out/deep/a', './A', 'C:\\out');
const anyCopy = tuple(constantFrom('copy', 'save'), anyPath, anyPath);

it('a copy has every label of its source, whatever is copied before and after', () => {
  assert(
    property(
      anyPath,
      array(anyCopy, { maxLength: 6 }),
      anyCopy,
      array(anyCopy, { maxLength: 3 }),
      (first, before, one, after) => {
        const ledger = labelled(first, ['pii', 'external']);
        const copy = ([tool, source, destination]: readonly [string, string, string]): void =>
          done(ledger, dataOf(tool, { source, destination }, ledger));
        for (const each of before) copy(each);
        const labels = read(ledger, one[1]);
        for (const each of [one, ...after]) copy(each);
        const found = read(ledger, one[2]);
        return labels.every((label) => found.includes(label) && read(ledger, one[1]).includes(label));
      },
    ),
    { numRuns: 500 },
  );
});
