import { describe, expect, it } from 'vitest';
import { UNITS } from '../../lib/duration.js';
import { guardedClock } from '../../lib/guarded-clock.js';
import type { TaskKey } from '../../lib/ids.js';
import type { EventData, LedgerEvent } from '../event.js';
import { KeptLabels } from './kept-labels.js';

const START = Date.parse('2026-06-01T12:00:00Z');

/** Enters what a call writes to the store `note`. */
function write(kept: KeptLabels, item: string | undefined, data: Partial<EventData>, at: Date): void {
  const items = item === undefined ? [] : [{ item, member: 'id' }];
  const event = {
    keys: { task: 't' as TaskKey },
    labels: [],
    data: { stored: [], labels: ['pii'], writes: kept.keysToWrite('note', items, at), ...data },
  } as unknown as LedgerEvent;
  for (const holding of kept.holdingsOf(event, at.getTime())) kept.accounts.get(holding.accumulator)?.enter(holding);
}
const labelsOf = (kept: KeptLabels, item: string, at: Date) => kept.ofStore({ store: 'note', item }, at);

describe('labels that are kept for a time', () => {
  it('end after it, at most a thousandth later, and no others do', () => {
    const kept = new KeptLabels();
    write(kept, '1', { keepMs: UNITS.d }, new Date(START));
    write(kept, '2', {}, new Date(START));
    expect(labelsOf(kept, '1', new Date(START + UNITS.d - 1))).toEqual(['pii']);
    expect(labelsOf(kept, '1', new Date(START + UNITS.d * 1.001 + 1))).toEqual([]);
    expect(labelsOf(kept, '2', new Date(START + 1_000 * UNITS.d))).toEqual(['pii']);
  });

  it('are kept from the last time that they were written', () => {
    const kept = new KeptLabels();
    write(kept, '1', { keepMs: UNITS.d }, new Date(START));
    write(kept, '1', { keepMs: UNITS.d }, new Date(START + UNITS.d / 2));
    expect(labelsOf(kept, '1', new Date(START + UNITS.d * 1.4))).toEqual(['pii']);
  });

  it.each([
    ['ahead', UNITS.d * 400],
    ['back', -UNITS.d * 400],
    ['ahead and back', UNITS.d * 400, 0],
  ])('are there after the clock was set %s', (_how, ...jumps) => {
    let [set, passed] = [0, 0];
    const clock = guardedClock(() => undefined, {
      day: () => START + passed + set,
      monotonic: () => passed,
      uptime: () => passed,
    });
    const kept = new KeptLabels();
    write(kept, '1', { keepMs: 30 * UNITS.d }, clock());
    for (const jump of jumps) {
      [set, passed] = [jump, passed + UNITS.d];
      expect(labelsOf(kept, '1', clock())).toEqual(['pii']);
    }
    passed = 31 * UNITS.d;
    expect(labelsOf(kept, '1', clock())).toEqual([]);
  });
});

it('a full store has room again when labels have ended, and what comes then is found', () => {
  const kept = new KeptLabels();
  const at = new Date(START);
  for (let i = 0; i < 10_000; i += 1) write(kept, `n${i}`, { keepMs: UNITS.h }, at);
  expect(kept.keysToWrite('note', [{ item: 'more' }], at)).toEqual(['["note"]']);
  const later = new Date(START + UNITS.d);
  expect(kept.keysToWrite('note', [{ item: 'more' }], later)).toEqual(['["note","more"]']);
  write(kept, 'n1', {}, later);
  expect([labelsOf(kept, 'n1', later), labelsOf(kept, 'n2', later)]).toEqual([['pii'], []]);
});

it('more things than are looked for in an answer give it all labels', () => {
  const kept = new KeptLabels();
  const at = new Date(START);
  for (let i = 0; i < 2_001; i += 1) write(kept, `n${i}`, { labels: [`l${i % 2}`] }, at);
  expect(kept.storedIn({ store: 'note', items: [], members: [] }, at)).toEqual({
    ...{ store: 'note', members: [], things: [] },
    ...{ all: ['l0', 'l1'], names: [] },
  });
});

describe('an alias', () => {
  const kept = new KeptLabels();
  const at = new Date(START);
  const keys = kept.keysToWrite('note', [{ item: 'x/17', isAlias: true }], at);
  write(kept, undefined, { writes: keys }, at);
  it.each([
    ['adds its labels to its record alone in the whole store', [], true],
    ['is a thing whose other name may be elsewhere in a folder', ['x'], false],
  ])('%s', (_what, items, isAlias) => {
    const { things } = kept.storedIn({ store: 'note', items, members: [] }, at);
    expect(things).toMatchObject([{ parts: ['x', '17'], member: undefined, isAlias }]);
  });
});
