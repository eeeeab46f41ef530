import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../store/store.js';
import { entityMigrations } from './entity-rows.js';
import { Grants, grantMigrations, type RoleGrant } from './grants.js';
import { RevisionLog, revisionMigrations } from './revision-log.js';

const folder = mkdtempSync(join(tmpdir(), 'writ-grants-'));
const author = { by: 'admin', now: new Date('2026-11-30T12:00:00Z') };
const ada = { type: 'User', id: 'ada' };
const grant = (id: string, more: Partial<RoleGrant> = {}): RoleGrant => ({
  id,
  identity: 'User::"ada"',
  in: { type: 'Role', id: 'oncall' },
  purpose: 'the night shift',
  start: '2026-11-30T20:00:00.000Z',
  end: '2026-12-01T06:00:00.000Z',
  grantedBy: 'admin',
  ...more,
});

describe('Grants', () => {
  let store: Store;
  let grants: Grants;
  beforeAll(async () => {
    store = await openStore(join(folder, 'writ.db'), entityMigrations, grantMigrations, revisionMigrations);
    grants = await Grants.open(store, await RevisionLog.open(store, author.now));
    await grants.add(grant('1'), author);
    await grants.add(grant('2', { task: 't1' }), author);
    await grants.add(grant('3', { identity: 'User::"ben"' }), author);
    const { end: _end, ...endless } = grant('4', { start: '2026-12-02T00:00:00.000Z' });
    await grants.add(endless, author);
  });
  afterAll(async () => {
    await store.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['before it starts', '2026-11-30T19:59:59.999Z', 't1', []],
    ['when it starts', '2026-11-30T20:00:00.000Z', undefined, ['1']],
    ['in its task', '2026-11-30T20:00:00.000Z', 't1', ['1', '2']],
    ['in another task', '2026-11-30T20:00:00.000Z', 't2', ['1']],
    ['just before it ends', '2026-12-01T05:59:59.999Z', 't1', ['1', '2']],
    ['when it ends', '2026-12-01T06:00:00.000Z', 't1', []],
    ['long after, for one without an end', '2030-01-01T00:00:00.000Z', undefined, ['4']],
  ])('hold %s', (_when, at, task, ids) => {
    expect(grants.of(ada, task, new Date(at)).map(({ id }) => id)).toEqual(ids);
  });

  it('are read back as they were added, the newest first', async () => {
    const again = await Grants.open(store, await RevisionLog.open(store, author.now));
    expect(again.list()).toEqual(grants.list());
    expect(again.list().map(({ id }) => id)).toEqual(['4', '3', '2', '1']);
    expect([again.find('2')?.task, again.find('4')?.end, again.find('5')]).toEqual(['t1', undefined, undefined]);
  });

  it('are gone at once when they are ended', async () => {
    await grants.end('3', author);
    expect(grants.of({ type: 'User', id: 'ben' }, undefined, new Date('2026-11-30T21:00:00Z'))).toEqual([]);
    const again = await Grants.open(store, await RevisionLog.open(store, author.now));
    expect(again.find('3')).toBeUndefined();
  });
});
