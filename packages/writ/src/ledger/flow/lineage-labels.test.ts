import { describe, expect, it } from 'vitest';
import type { TaskKey } from '../../lib/ids.js';
import type { LedgerEvent } from '../event.js';
import { Ledger } from '../ledger.js';

const START = Date.parse('2026-12-01T08:00:00Z');
const H = 3_600_000;

function reading(lineage: string, task: string, labels: readonly string[], taskName?: string): LedgerEvent {
  return {
    action: 'read',
    isOwn: false,
    input: {},
    labels,
    lineage,
    taskName,
    effects: [],
    call: undefined,
    data: { stored: [], writes: [], labels: [] },
    resource: { type: 'Tool', id: 'read' },
    keys: { task: task as TaskKey, actor: 'a', originator: lineage, resource: 'r', session: 's' },
  };
}

function ledgerWith(accumulators = {}) {
  const ledger = new Ledger(accumulators);
  let reads = 0;
  return {
    ledger,
    read: (...event: Parameters<typeof reading>) => {
      reads += 1;
      return ledger.reserve(`d${reads}`, reading(...event), new Date(START));
    },
    within: (task: string, lineage: string, at = START) => ledger.labels.within(task as TaskKey, lineage, new Date(at)),
  };
}

describe('the labels of a lineage', () => {
  it('count for every task of the owner within the window, and for nobody else', () => {
    const { read, within } = ledgerWith();
    read('ana', 't1', ['pii']);
    read('ana', 't2', ['external']);
    expect(within('t3', 'ana')).toEqual(['external', 'pii']);
    expect(within('t3', 'ben')).toEqual([]);
    expect(within('t3', 'ana', START + 24 * H - 1)).toEqual(['external', 'pii']);
    // A minute of grace, because ends are rounded up; the task itself keeps what it has read.
    expect(within('t3', 'ana', START + 24 * H + 60_000)).toEqual([]);
    expect(within('t1', 'ana', START + 24 * H + 60_000)).toEqual(['pii']);
  });

  it('are one list while they do not change', () => {
    const { read, within } = ledgerWith();
    read('ana', 't1', ['pii']);
    read('ana', 't2', ['external']);
    expect(within('t3', 'ana')).toBe(within('t4', 'ana'));
  });

  it('go with a declassification of the task that brought them, and not of another', () => {
    const { ledger, read, within } = ledgerWith({
      seen: { key: 'lineage', set: 'labels' },
      own: { key: 'task', set: 'labels' },
    });
    read('ana', 't1', ['pii', 'secret']);
    read('ana', 't2', ['pii']);
    const see = () => ledger.read(reading('ana', 't3', []), new Date(START)).seen;
    const take = (task: string) => ledger.declassify({ task: task as TaskKey }, ['pii', 'secret'], new Date(START));
    const removed = take('t1');
    expect(removed.map(({ accumulator }) => accumulator).sort()).toEqual(['$lineage', '$task', 'own', 'seen']);
    expect(within('t3', 'ana')).toEqual(['pii']);
    expect(see()).toEqual(['pii']);
    ledger.classifyAgain(removed, new Date(START));
    expect(within('t3', 'ana')).toEqual(['pii', 'secret']);
    take('t1');
    take('t2');
    expect(within('t3', 'ana')).toEqual([]);
    expect(see()).toEqual([]);
  });

  it('of tasks without a token of one name are in what is kept by task', () => {
    const { ledger, read } = ledgerWith({ seen: { key: 'task', set: 'labels' } });
    read('ana', 't1', ['pii'], 'client');
    const see = (task: string, name?: string) => ledger.read(reading('ana', task, [], name), new Date(START)).seen;
    expect(see('t2', 'client')).toEqual(['pii']);
    expect(see('t2', 'another client')).toEqual([]);
    expect(see('t2')).toEqual([]);
  });

  it('are kept of more tasks than are kept apart', () => {
    const { ledger, read, within } = ledgerWith();
    for (let i = 0; i < 200; i += 1) read('ana', `t${i}`, [`l${i}`], `n${i}`);
    expect(within('new', 'ana')).toHaveLength(200);
    const seen = ledger.labels.lineages.ofName('ana', 'n199', new Date(START));
    expect(seen).toContain('l199');
    expect(seen).not.toContain('l0');
  });

  it('are there again after a restart', () => {
    const { read, within } = ledgerWith();
    const held = read('ana', 't1', ['pii'], 'client');
    const again = ledgerWith();
    again.ledger.restore(held.map((one) => ({ ...one, at: START, decisionId: undefined })));
    again.ledger.declare({});
    expect(again.within('t2', 'ana')).toEqual(within('t2', 'ana'));
    expect(again.ledger.labels.lineages.ofName('ana', 'client', new Date(START))).toEqual(['pii']);
  });
});
