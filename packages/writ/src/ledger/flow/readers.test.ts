import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Confidentiality,
  type Integrity,
  join,
  type Labels,
  labelNames,
  labelsNamed,
  readersOf,
} from './labels.js';
import { clauseFor, readerRuleOf } from './reader-rules.js';
import { clauseOf, mayRead, plainLabels, shownLabel } from './readers.js';

const NO_GROUPS: ReadonlySet<string> = new Set();
const may = (labels: Labels, value: string, groups = NO_GROUPS): boolean =>
  mayRead(readersOf(labels), { value, groups });
const confidential = (...readers: string[]): Labels => ({
  ...{ integrity: 'external', confidentiality: 'confidential', names: [] },
  readers: [clauseOf(readers)],
});
const BARE: Labels = { integrity: 'external', confidentiality: 'confidential', names: [] };
const PUBLIC: Labels = { integrity: 'external', confidentiality: 'public', names: [] };

describe('readers', () => {
  it('may read what has them, by their address or domain in whatever case', () => {
    const labels = confidential('ana@shop.example', '@partner.example');
    expect(may(labels, 'Ana@Shop.example')).toBe(true);
    expect(may(labels, 'ben@partner.example')).toBe(true);
    expect(may(labels, 'https://partner.example/upload')).toBe(true);
    expect(may(labels, 'ben@shop.example')).toBe(false);
    expect(may(labels, 'ben@sub.partner.example')).toBe(false);
  });

  it.each([
    'eve@evil.example,ben@partner.example',
    'eve@evil.example;x@partner.example',
    'eve%evil.example@partner.example',
    'evil.example!eve@partner.example',
    '"ben@partner.example" <eve@evil.example>',
    'ben@partner.example.evil.example',
    'eve@evil.example@partner.example',
    '@partner.example',
    'partner.example@evil.example',
    'e\u200bve@partner.example',
    '~staff',
    '',
  ])('are not %j', (value) => {
    const labels = { ...confidential('@partner.example'), readers: [clauseOf(['@partner.example'], ['staff'])] };
    expect(may(labels, value)).toBe(false);
  });

  it('may be a group, of which a destination is a member or not', () => {
    const labels: Labels = { ...BARE, readers: [clauseOf([], ['staff'])] };
    expect(may(labels, 'ana@shop.example', new Set(['staff']))).toBe(true);
    expect(may(labels, 'ana@shop.example', new Set(['guests']))).toBe(false);
  });

  it('are nobody but the owner for confidential data that says none, and anybody for other data', () => {
    expect(may(BARE, 'ana@shop.example')).toBe(false);
    expect(may(PUBLIC, 'ana@shop.example')).toBe(true);
    expect(may({ ...BARE, confidentiality: 'internal' }, 'ana@shop.example')).toBe(true);
  });

  it('of data made of several are those of each', () => {
    const both = join(confidential('ana@x.example', 'ben@x.example'), confidential('ben@x.example', 'cy@x.example'));
    expect(['ana', 'ben', 'cy'].filter((name) => may(both, `${name}@x.example`))).toEqual(['ben']);
    expect(may(join(both, BARE), 'ben@x.example')).toBe(false);
    expect(may(join(both, PUBLIC), 'ben@x.example')).toBe(true);
    // Data that is not confidential may have readers too.
    const few = { ...confidential('ana@x.example'), confidentiality: 'internal' } as const;
    expect(may(join(few, PUBLIC), 'ben@x.example')).toBe(false);
  });
});

const NAMES = ['ana', 'ben', 'cy'].map((name) => `${name}@x.example`);
const someReaders = fc.array(fc.constantFrom(...NAMES, '@x.example', '@y.example'), { maxLength: 3 });
const labels = fc
  .record({
    integrity: fc.constantFrom<Integrity>('external', 'attested', 'internal'),
    confidentiality: fc.constantFrom<Confidentiality>('public', 'internal', 'confidential', 'restricted'),
    names: fc.constant([]),
    said: fc.option(someReaders, { nil: undefined }),
  })
  .map(({ said, ...rest }): Labels => (said === undefined ? rest : { ...rest, readers: [clauseOf(said)] }));
const someone = fc.constantFrom(...NAMES, 'dan@y.example', 'eve@evil.example');

describe('a further source', () => {
  it('never widens the readers, in whatever order sources are joined', () => {
    fc.assert(
      fc.property(fc.array(labels, { minLength: 1, maxLength: 20 }), labels, someone, (some, more, who) => {
        const [first, ...rest] = some as [Labels, ...Labels[]];
        const before = rest.reduce(join, first);
        for (const after of [join(before, more), join(more, before)]) {
          if (may(after, who)) expect(may(before, who) && may(more, who)).toBe(true);
          if (some.length < 10) expect(may(after, who)).toBe(may(before, who) && may(more, who));
        }
      }),
    );
  });

  it('never widens them by what is kept: the labels of a task, of a store and after a restart', () => {
    fc.assert(
      fc.property(fc.array(labels, { minLength: 1, maxLength: 20 }), someone, (some, who) => {
        const kept = labelsNamed(new Set(some.flatMap((one) => labelNames(one))));
        if (may(kept, who)) expect(some.every((one) => may(one, who))).toBe(true);
        // A label that was kept before bundles had readers is for the owner alone.
        expect(may(labelsNamed([...labelNames(kept), 'confidential']), who)).toBe(false);
      }),
    );
  });
});

describe('labels with readers', () => {
  it('are shown without them to policies, and with their number to people', () => {
    const names = labelNames(confidential('ana@x.example', '@y.example'));
    expect(plainLabels([...names, 'pii'])).toEqual(['confidential', 'external', 'pii']);
    expect(names.map(shownLabel)).toEqual(['confidential for 2 readers', 'external']);
    expect(JSON.stringify(names)).not.toContain('ana');
    const inHouse: Labels = { ...PUBLIC, integrity: 'internal', readers: [clauseOf([])] };
    expect(labelNames(inHouse).map(shownLabel)).toEqual(['internal for its owner']);
    expect(plainLabels(labelNames(inHouse))).toEqual([]);
  });
});

describe('a rule of readers', () => {
  const clause = (said: string[], record: unknown): string => clauseFor(readerRuleOf('look: $', said), record);

  it('takes them from fields of the record: texts, lists, people, and records by address', () => {
    const of = clauseOf(['ana@x.example', 'ben@x.example']);
    expect(clause(['record.from', 'record.to'], { from: 'Ana <ana@x.example>', to: ['ben@x.example'] })).toBe(of);
    expect(
      clause(['record.people'], { people: [{ email: 'ana@x.example', name: 'A' }, { email: 'ben@x.example' }] }),
    ).toBe(of);
    expect(clause(['record.shared'], { shared: { 'ana@x.example': 'r', 'ben@x.example': 'rw', note: 'x' } })).toBe(of);
    expect(clause(['record.meta.owner', 'ben@x.example'], { meta: { owner: 'ana@x.example' } })).toBe(of);
  });

  it('gives nobody for a record without the fields, and never a whole domain from a field', () => {
    expect(clause(['record.sender'], { from: 'ana@x.example' })).toBe('');
    expect(clause(['record.sender'], 'text')).toBe('');
    expect(clause(['record.constructor'], {})).toBe('');
    const labelled: Labels = {
      ...BARE,
      readers: [clause(['record.to'], { to: ['@evil.example', 'x <@evil.example>'] })],
    };
    expect(may(labelled, 'eve@evil.example')).toBe(false);
  });

  it('refuses what is no reader', () => {
    expect(() => readerRuleOf('look: $', ['All people'])).toThrow('All people is no reader');
  });
});
