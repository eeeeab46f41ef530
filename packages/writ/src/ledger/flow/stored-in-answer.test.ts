import { array, assert, constantFrom, integer, oneof, property, record, string, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskKey } from '../../lib/ids.js';
import type { EventData, LedgerEvent } from '../event.js';
import { KeptLabels } from './kept-labels.js';
import { confidentialityLevel, integrityLevel, type Labels, labelNames } from './labels.js';
import { leavesOf } from './result-labels.js';
import { NOTHING_STORED, type StoredName, type StoredThing } from './stored-labels.js';
import type { NamedItem } from './stores.js';
import { Tools } from './tool-description.js';

const tool = new Tools({ list: { effects: ['read'], result: { $: 'internal', '$..id': 'system' } } }, {}, []).of(
  'list',
);
const now = new Date('2026-06-01T12:00:00Z');
const thing = (name: string, labels: readonly string[], more: Partial<StoredThing> = {}): StoredThing => ({
  parts: name.split('/'),
  member: 'id',
  labels,
  ...more,
});

/** The labels of each text of an answer that one thing is in, by the text. */
const labelled = (
  value: unknown,
  things: readonly StoredThing[],
  store = 'note',
  names: readonly StoredName[] = [],
): Record<string, readonly string[]> => {
  const leaves = leavesOf(tool, {}, { value, rest: [], texts: [] }, { ...NOTHING_STORED, store, things, names });
  return Object.fromEntries(leaves.map(({ value: leaf, labels }) => [String(leaf), labelNames(labels)]));
};

const SECRET = [thing('17', ['secret'])];

describe('a value of an answer', () => {
  it.each<[string, unknown]>([
    [
      'in a list',
      [
        { id: '17', text: 'a' },
        { id: 18, text: 'b' },
      ],
    ],
    [
      'in a member',
      {
        notes: [
          { id: 17, text: 'a' },
          { id: '18', text: 'b' },
        ],
      },
    ],
    [
      'in a member of a member',
      {
        data: {
          notes: [
            { note_id: '017', text: 'a' },
            { note_id: '18', text: 'b' },
          ],
        },
      },
    ],
    [
      'with a record in it',
      [
        { id: '17', by: { text: 'a' } },
        { id: '18', by: { text: 'b' } },
      ],
    ],
    [
      'with a list in it',
      [
        { id: '17', text: ['a'] },
        { id: '18', text: ['b'] },
      ],
    ],
  ])('has the labels of the record that it is in: %s', (_how, value) => {
    const found = labelled(value, SECRET);
    expect([found.a, found.b]).toEqual([['secret'], []]);
  });

  it('has none on what the tool gives out, except those of a name that somebody chose', () => {
    const value = [
      { id: '17', text: 'a' },
      { id: 'eve', text: 'b' },
    ];
    expect(labelled(value, SECRET)).toMatchObject({ 17: [], eve: [] });
    const names = [{ name: 'eve', labels: ['external'], isAsked: true }];
    expect(labelled([...value, 'to eve'], SECRET, 'note', names)).toMatchObject({
      17: [],
      eve: ['external'],
      a: ['secret'],
      b: [],
      'to eve': ['external', 'secret'],
    });
  });

  it.each<[string, unknown]>([
    ['a record without an id', [{ text: 'a' }, { id: '18', text: 'b' }]],
    ['texts alone', ['a', { id: '18' }]],
    ['a text around records', { id: '18', text: 'a', notes: [{ id: '18', text: 'b' }] }],
    ['a record that is around the answer', { id: '18', note: { text: 'a' } }],
    ['an id of something in it', [{ text: { id: '18', text: 'a' } }]],
    ['a list in a record without an id', [{ title: 'x', parts: [{ id: '18', text: 'a' }] }]],
    ['a list in a record that is the answer of its own', { note: { title: 'x', parts: [{ id: '18', text: 'a' }] } }],
    ['a record in a hit', [{ id: '18', note: { text: 'a' } }]],
    ['an id that is a list', [{ id: ['18'], text: 'a' }]],
    ['an empty id', [{ id: '', text: 'a' }]],
    ['records by their name', { 18: { text: 'a' } }],
  ])('has all labels if its record cannot be known: %s', (_how, value) => {
    expect(labelled(value, SECRET).a).toEqual(['secret']);
  });

  it.each<[string, unknown]>([
    ['one id of two', [{ id: '18', note_id: '17', text: 'a' }]],
    ['the id around it', [{ id: '17', text: { id: '18', text: 'a' } }]],
    ['the id in a list around it', [{ id: '17', parts: [{ id: '18', text: 'a' }] }]],
    ['an id in it', [{ id: '18', note: { id: '17', text: 'a' } }]],
  ])('has the labels of every record that it may be of: %s', (_how, value) => {
    expect(labelled(value, SECRET).a).toEqual(['secret']);
  });

  it.each<[string, Record<string, unknown>, readonly string[]]>([
    ['its name in the folder', { path: 'a.txt' }, ['secret']],
    ['its name from the root', { path: '/srv/out/a.txt' }, ['secret']],
    ['its folder', { path: 'out' }, ['secret']],
    ['what is in it', { path: 'out/a.txt/page' }, ['secret']],
    ['another file of the folder', { path: 'out/b.txt' }, []],
    ['a file of that name in another folder', { path: 'in/c.txt' }, []],
    ['another member', { title: 'b.txt' }, ['secret']],
  ])('in a folder: %s', (_how, given, expected) => {
    const found = labelled([{ ...given, text: 'x' }], [thing('out/a.txt', ['secret'], { member: 'path' })], 'file');
    expect(found.x).toEqual(expected);
  });

  it('has all labels if only a name of another kind is known of the record around it', () => {
    const value = [{ title: 'x', parts: [{ id: '18', text: 'a' }] }];
    expect(labelled(value, [...SECRET, thing('y', ['pii'], { member: 'title' })]).a).toEqual(['pii', 'secret']);
  });

  it('does bounded work, and has all labels after that', () => {
    const things = Array.from({ length: 2_000 }, (_, i) => thing(`out/f${i}`, [`l${i % 3}`], { member: 'path' }));
    const value = Array.from({ length: 500 }, () => ({ path: 'out/none', text: 'x' }));
    expect(labelled([...value, { path: 'out/none', text: 'last' }], things, 'file').last).toEqual(['l0', 'l1', 'l2']);
  });
});

const NAMES = ['17', '18', 'out/a.txt', 'out/b.txt', 'out', 'Note::"17"', 'A.txt'] as const;
const anyName = oneof(
  constantFrom(...NAMES),
  constantFrom(...NAMES).map((name) => name.toUpperCase()),
);
const anyMember = constantFrom('id', 'path', 'title', undefined);
const anyLabel = constantFrom('pii', 'secret', 'external', 'restricted', 'attested');
const anyRecord = record(
  {
    id: oneof(anyName, integer({ min: 15, max: 20 })),
    path: anyName,
    title: anyName,
    text: constantFrom('t1', 't2'),
    note: record({ id: anyName, text: constantFrom('t3', 't4') }),
    parts: array(record({ id: anyName, text: constantFrom('t5', 't6') }, { requiredKeys: ['text'] }), { maxLength: 2 }),
  },
  { requiredKeys: ['text'] },
);
const anyAnswer = oneof(
  array(anyRecord, { maxLength: 4 }),
  record({ id: anyName, items: array(anyRecord, { maxLength: 3 }), summary: string() }, { requiredKeys: ['items'] }),
  anyRecord,
);
const anyThing = record({
  parts: anyName.map((name) => name.toLowerCase().split('/')),
  member: anyMember,
  labels: array(anyLabel, { minLength: 1, maxLength: 2 }),
});
/** A thing with other names: these are of something that has a name of its own. */
const anyThings = array(tuple(anyThing, array(anyThing, { maxLength: 1 })), { maxLength: 4 }).map((all) =>
  all.flatMap(([one, others]) => [
    one,
    ...others.map(({ parts }) => ({ ...one, parts, member: undefined, isAlias: true })),
  ]),
);
const isAtLeast = (more: Labels, less: Labels): boolean =>
  integrityLevel(more.integrity) <= integrityLevel(less.integrity) &&
  confidentialityLevel(more.confidentiality) >= confidentialityLevel(less.confidentiality) &&
  less.names.every((name) => more.names.includes(name));

it('a source that is added removes no label from any value', () => {
  assert(
    property(anyAnswer, anyThings, anyThing, (value, things, one) => {
      const answer = { value, rest: [], texts: [] };
      const stored = { ...NOTHING_STORED, store: 'note', members: ['id', 'path'] };
      const before = leavesOf(tool, {}, answer, { ...stored, things });
      const after = leavesOf(tool, {}, answer, { ...stored, things: [...things, one] });
      return before.every(({ labels }, i) => isAtLeast(after[i]?.labels as Labels, labels));
    }),
    { numRuns: 500 },
  );
});

/** Writes things into a store with labels. */
interface Write {
  readonly items: readonly NamedItem[];
  readonly labels: readonly string[];
}

function storeWith(writes: readonly Write[]): KeptLabels {
  const kept = new KeptLabels();
  for (const { items, labels } of writes) {
    const data: EventData = { stored: [], labels, writes: kept.keysToWrite('note', items, now) };
    const event = { keys: { task: 't' as TaskKey }, labels: [], data } as unknown as LedgerEvent;
    for (const holding of kept.holdingsOf(event, now.getTime())) kept.accounts.get(holding.accumulator)?.enter(holding);
  }
  return kept;
}

const anyWrite = record({
  items: array(record({ item: anyName, member: anyMember }), { minLength: 1, maxLength: 2 }).chain((named) =>
    // An alias is of a thing that has another name.
    array(record({ item: anyName, isAlias: constantFrom(true) }), { maxLength: 2 }).map((more) => [...named, ...more]),
  ),
  labels: array(anyLabel, { minLength: 1, maxLength: 2 }),
});

it('a record in a list has every label that reading it has', () => {
  assert(
    property(array(anyWrite, { maxLength: 4 }), array(anyRecord, { minLength: 1, maxLength: 4 }), (writes, records) => {
      const kept = storeWith(writes);
      const members = ['id', 'path'];
      const list = kept.storedIn({ store: 'note', items: [], members }, now);
      const listed = leavesOf(tool, {}, { value: records, rest: [], texts: [] }, list);
      return records.every((one, i) =>
        [one.id, one.path].every((name) => {
          if (name === undefined) return true;
          const read = kept.storedIn({ store: 'note', items: [String(name)], members }, now);
          const alone = leavesOf(tool, {}, { value: one, rest: [], texts: [] }, read);
          const ofRecord = listed.filter(({ at }) => at.startsWith(`$[${i}]`));
          return alone.every(({ labels }, j) => isAtLeast(ofRecord[j]?.labels as Labels, labels));
        }),
      );
    }),
    { numRuns: 500 },
  );
});
