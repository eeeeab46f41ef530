import { describe, expect, it } from 'vitest';
import { seconds } from '../lib/units.js';
import { kindsFor, type TaskKind, type TaskKinds, usualMandate } from './task-kinds.js';

const kind = (scope: string, mandate: TaskKind['mandate']): TaskKind => ({
  ...{ scope, mandate, lifetime: seconds(60), outside: 'deny' },
});
const kinds: TaskKinds = {
  usual: 'look',
  kinds: new Map([
    ['look', kind('look', [{ actions: ['get'], uses: 3 }])],
    ['refund', kind('refunds', [{ actions: ['refund'] }])],
    ['all', kind('everything', 'any')],
  ]),
};

describe('kindsFor', () => {
  it.each([
    ['no scope', [], []],
    ['a scope that chooses none', ['mail'], []],
    ['the scope of a kind, not its name', ['refund'], []],
    ['the scope of a kind', ['mail', 'refunds'], ['refund']],
    ['the scopes of two kinds', ['everything', 'look'], ['look', 'all']],
  ])('%s', (_clause, scope, expected) => {
    expect(kindsFor(kinds, scope)).toEqual(expected);
  });
});

describe('usualMandate', () => {
  it.each([
    ['counts nothing', 'look', [{ actions: ['get'], caps: [] }]],
    ['is unrestricted if its kind is', 'all', 'any'],
    ['covers nothing if its kind is not declared', 'gone', []],
  ])('%s', (_clause, usual, grants) => {
    const mandate = usualMandate({ ...kinds, usual });
    expect(mandate.kind).toBe(usual);
    expect(JSON.parse(JSON.stringify(mandate.grants))).toMatchObject(grants as object);
    if (grants !== 'any') expect(mandate.grants).toHaveLength(grants.length);
    for (const grant of mandate.grants === 'any' ? [] : mandate.grants) expect(grant.caps).toEqual([]);
  });
});
