import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JOURNAL_FILE, readJournal } from '../src/audit/journal/journal.js';
import { openDatabase } from '../src/store/database.js';
import { RESTORING_FILE } from '../src/store/files.js';
import { openSqlite } from '../src/store/sqlite.js';
import { copiesIn } from './copies.js';
import { storeBeforeKeys, storeOfBefore } from './old-store.js';
import { commandHere } from './printed.js';
import { startedService } from './processes.js';
import { bundleOf, type Running, run } from './running.js';

/** Backups of a service that runs, that was killed, and of another day; and stores of other versions. */

const folder = mkdtempSync(join(tmpdir(), 'writ-backup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const BUNDLE = bundleOf({
  'writ.yaml': 'name: backup\ncallers: { default: {} }',
  'schema.cedarschema': 'entity User, Doc; action read appliesTo { principal: [User], resource: [Doc] };',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
});
let names = 0;
const fresh = (what: string): string => {
  names += 1;
  return join(folder, `${what}-${names}`);
};

async function reads(writ: Running, user: string): Promise<{ readonly id: string; readonly decision: boolean }> {
  const body = { subject: { type: 'User', id: user }, action: { name: 'read' }, resource: { type: 'Doc', id: '1' } };
  const { json, headers } = await writ.send('POST', '/access/v1/evaluation', body);
  return { id: headers.get('x-decision-id') as string, decision: json.decision };
}
async function revokes(writ: Running, user: string): Promise<void> {
  const revocation = { kind: 'identity', target: `User::"${user}"`, reason: 'left' };
  expect((await writ.send('POST', '/v1/revocations', revocation, { as: 'admin' })).status).toBe(201);
}

/** Everything in a folder, by its path: what is in a file as its hash. */
function contentsOf(of: string): Record<string, string> {
  const files = readdirSync(of, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      // The lock is taken, whatever comes of it.
      .filter((path) => !/lock\.db|\.db-(shm|wal)$/.test(path))
      .map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
}

const says = async (code: number, text: string | RegExp, ...args: readonly string[]): Promise<string> => {
  const { out, ...done } = await commandHere(...args);
  expect([done.code, out]).toEqual([code, expect.stringMatching(text)]);
  return out;
};

const data = join(folder, 'made');
const yesterday = join(folder, 'yesterday');
const copy = copiesIn(folder);
beforeAll(async () => {
  const writ = await run(BUNDLE, { data });
  for (let i = 0; i < 5; i += 1) await reads(writ, 'ana');
  await says(0, 'the keys are in', 'data', 'backup', yesterday, '--data', data, '--keys', join(folder, 'kept-keys'));
  await revokes(writ, 'eve');
  for (let i = 0; i < 3; i += 1) await reads(writ, 'ana');
  await writ.writ.close();
});

describe('a backup of a service that runs', () => {
  it('has all that was acknowledged before, and a start continues it', async () => {
    const data = fresh('data');
    const writ = await run(BUNDLE, { data });
    const acknowledged: string[] = [];
    let revoked = 0;
    let isOver = false;
    // Four clients that never rest, and an administrator.
    const load = [0, 1, 2, 3].map(async (client) => {
      while (!isOver) acknowledged.push((await reads(writ, `ana-${client}`)).id);
    });
    const administrator = (async () => {
      while (!isOver) {
        await revokes(writ, `eve-${revoked}`);
        revoked += 1;
      }
    })();
    const taken: { readonly to: string; readonly decisions: number; readonly revocations: number }[] = [];
    try {
      for (let i = 0; i < 2; i += 1) {
        await expect.poll(() => acknowledged.length).toBeGreaterThan((i + 1) * 20);
        const before = { to: fresh('backup'), decisions: acknowledged.length, revocations: revoked };
        await says(0, /backed up \d+ entries .*verified/, 'data', 'backup', before.to, '--data', data);
        taken.push(before);
      }
    } finally {
      isOver = true;
      await Promise.all([...load, administrator]);
      await writ.writ.close();
    }
    for (const { to, decisions, revocations } of taken) {
      const again = fresh('restored');
      await says(0, 'restored', 'data', 'restore', to, '--keys', join(data, 'keys'), '--data', again);
      const restored = await run(BUNDLE, { data: again });
      for (const id of acknowledged.slice(0, decisions))
        expect([id, await restored.writ.findDecision(id)]).toEqual([id, expect.anything()]);
      if (revocations > 0) expect((await reads(restored, `eve-${revocations - 1}`)).decision).toBe(false);
      expect((await reads(restored, 'ana-0')).decision).toBe(true);
      await restored.writ.close();
      await says(0, 'verified', 'log', 'verify', '--data', again);
    }
  });
});

/** Answers one request whose decision is in the journal alone, and is killed. @returns the decision */
async function killedWithJournal(to: string): Promise<string> {
  const { child, url } = await startedService(BUNDLE, to);
  const headers = {
    'Content-Type': 'application/json',
    Authorization: `Bearer ${readFileSync(join(to, 'keys/default.key'), 'utf8').trim()}`,
  };
  const body = '{"subject":{"type":"User","id":"ana"},"action":{"name":"read"},"resource":{"type":"Doc","id":"1"}}';
  const busy = openDatabase(join(to, 'writ.db'));
  // On a slow disk the service leaves the journal out: it is then asked again.
  for (let left = 100; left > 0; left -= 1) {
    // Somebody else writes to the store just now: the tables have to wait, the answer has not.
    busy.exec('begin immediate');
    const answer = await fetch(`${url}/access/v1/evaluation`, { method: 'POST', headers, body });
    if (answer.ok && ((await answer.json()) as { decision: boolean }).decision) {
      child.kill('SIGKILL');
      await once(child, 'exit');
      busy.close();
      return answer.headers.get('x-decision-id') as string;
    }
    await answer.arrayBuffer().catch(() => undefined);
    busy.exec('rollback');
    await setTimeout(500);
  }
  throw new Error('the service permits nothing');
}

describe('a restore', () => {
  it('brings back the store, says what is lost, and keeps what was there', async () => {
    const to = copy(data);
    const before = contentsOf(to);
    const out = await says(0, /restored \d+ entries/, 'data', 'restore', yesterday, '--data', to, '--replace');
    expect(out).toMatch(/[4-9] entries of the store that was there are not in the backup/);
    expect(out).toContain('not revoked any more: identity User::"eve"');
    const away = /what was there is in (\S+):/.exec(out)?.[1] as string;
    expect(contentsOf(away)[join(away, 'writ.db')]).toBe(before[join(to, 'writ.db')]);
    const writ = await run(BUNDLE, { data: to });
    expect((await reads(writ, 'eve')).decision).toBe(true);
    await writ.stop();
  });

  it('of a service that was killed has what was in the journal alone', async () => {
    const killed = fresh('killed');
    const id = await killedWithJournal(killed);
    expect(readJournal(join(killed, JOURNAL_FILE)).map(({ group }) => group.last)).toContain(id);
    const [to, again] = [fresh('backup'), fresh('restored')];
    await says(0, 'backed up', 'data', 'backup', to, '--data', killed);
    await says(0, 'restored', 'data', 'restore', to, '--keys', join(killed, 'keys'), '--data', again);
    const writ = await run(BUNDLE, { data: again });
    expect(await writ.writ.findDecision(id)).toBeDefined();
    await writ.stop();
  });

  it.each<[string, string | RegExp, (backup: string, to: string) => readonly string[] | undefined]>([
    ['over a store that is there', 'add --replace', () => []],
    [
      'of a store with a changed byte',
      /writ\.db .* not as they were backed up/,
      (backup) => {
        const bytes = readFileSync(join(backup, 'writ.db'));
        bytes[bytes.length - 100] = (bytes[bytes.length - 100] as number) ^ 1;
        writeFileSync(join(backup, 'writ.db'), bytes);
        return ['--replace'];
      },
    ],
    [
      'with a file more',
      /last-good\.json\.new .* not as they were backed up/,
      (backup) => {
        writeFileSync(join(backup, 'last-good.json.new'), '{}');
        return ['--replace'];
      },
    ],
    [
      'without a file',
      /last-good\.json .* not as they were backed up/,
      (backup) => {
        rmSync(join(backup, 'last-good.json'));
        return ['--replace'];
      },
    ],
    [
      'that says something else',
      'does not have the seal of this service',
      (backup) => {
        const file = join(backup, 'backup.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace(/"size": \d+/, '"size": 1'));
        return ['--replace'];
      },
    ],
    [
      'of a later form',
      'a newer version of Writ may have made it',
      (backup) => {
        const file = join(backup, 'backup.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace('"form": 1', '"form": 2'));
        return ['--replace'];
      },
    ],
    [
      'that was not finished',
      'is not a backup',
      (backup) => {
        rmSync(join(backup, 'backup.json'));
        return ['--replace'];
      },
    ],
    ['with the keys of nobody', 'state.key', (_backup, to) => ['--replace', '--keys', join(to, 'none')]],
  ])('%s is refused, and nothing is replaced', async (_what, why, change) => {
    const [backup, to] = [copy(yesterday), copy(data)];
    const args = change(backup, to) ?? [];
    const before = contentsOf(to);
    await says(2, why, 'data', 'restore', backup, '--data', to, ...args);
    expect(contentsOf(to)).toEqual(before);
    expect(existsSync(join(to, RESTORING_FILE))).toBe(false);
  });

  it('with the keys of another service is refused', async () => {
    const other = fresh('other');
    await (await run(BUNDLE, { data: other })).writ.close();
    const to = copy(data);
    const before = contentsOf(to);
    await says(
      2,
      'does not have the seal',
      'restore',
      yesterday,
      '--data',
      to,
      '--replace',
      '--keys',
      join(other, 'keys'),
    );
    expect(contentsOf(to)).toEqual(before);
  });

  it('of a backup that does not continue a checkpoint is refused', async () => {
    const [to, checkpoint] = [copy(data), join(folder, 'checkpoint')];
    const { out } = await commandHere('log', 'checkpoint', '--data', data);
    writeFileSync(checkpoint, out);
    const before = contentsOf(to);
    await says(
      2,
      'this is an earlier copy',
      'data',
      'restore',
      yesterday,
      '--data',
      to,
      '--replace',
      '--expect',
      checkpoint,
    );
    expect(contentsOf(to)).toEqual(before);
  });

  it('of a service that runs is refused', async () => {
    const to = copy(data);
    const writ = await run(BUNDLE, { data: to });
    await says(2, 'another Writ is running', 'data', 'restore', yesterday, '--data', to, '--replace');
    expect((await reads(writ, 'eve')).decision).toBe(false);
    await writ.stop();
  });

  it('that was cut off keeps the service from starting, and is finished by the same command', async () => {
    const to = copy(data);
    writeFileSync(join(to, RESTORING_FILE), '');
    rmSync(join(to, 'writ.db'));
    await expect(run(BUNDLE, { data: to })).rejects.toMatchObject({
      message: expect.stringContaining('did not finish'),
    });
    expect(existsSync(join(to, 'writ.db'))).toBe(false);
    await says(0, 'restored', 'data', 'restore', yesterday, '--data', to, '--replace');
    await (await run(BUNDLE, { data: to })).stop();
  });
});

describe('a backup', () => {
  it('is refused where something is, where the keys would be in it, and of no service', async () => {
    const full = fresh('full');
    await says(0, 'backed up', 'data', 'backup', full, '--data', data);
    const before = contentsOf(full);
    await says(2, 'is not empty', 'data', 'backup', full, '--data', data);
    expect(contentsOf(full)).toEqual(before);
    const to = fresh('backup');
    await says(2, 'the keys would be in the backup', 'data', 'backup', to, '--data', data, '--keys', join(to, 'keys'));
    await says(2, 'has no store with its keys', 'data', 'backup', to, '--data', fresh('none'));
    expect(existsSync(to)).toBe(false);
  });

  it('of a log with a changed entry is refused', async () => {
    const changed = copy(data);
    const database = openSqlite(join(changed, 'writ.db'));
    const { changes } = database.prepare('update log_groups set body = replace(body, \'"ana"\', \'"eve"\')').run();
    expect(changes).toBeGreaterThan(0);
    database.close();
    const to = fresh('backup');
    await says(2, 'is not as it was written', 'data', 'backup', to, '--data', changed);
    expect(existsSync(to)).toBe(false);
  });

  it('of a data folder with a journal of another run is refused', async () => {
    const other = copy(data);
    writeFileSync(join(other, JOURNAL_FILE), `writ journal 0123456789abcdef\n${'\0'.repeat(8_192)}`);
    await says(2, 'is not the journal of this store', 'data', 'backup', fresh('backup'), '--data', other);
  });
});

describe('a store of another version', () => {
  it('that is newer is refused by a start, an upgrade and a restore, and is not changed', async () => {
    const later = copy(data);
    const database = openSqlite(join(later, 'writ.db'));
    database.exec("insert into kysely_migration (name, timestamp) values ('9999_later', '2027-01-01')");
    database.pragma('wal_checkpoint(truncate)');
    database.close();
    const before = contentsOf(later);
    const newer = { code: 'store_newer', message: expect.stringContaining('9999_later') };
    await expect(run(BUNDLE, { data: later })).rejects.toMatchObject(newer);
    await says(2, /9999_later.*\n.*restore/, 'data', 'upgrade', '--data', later, '--no-backup');
    expect(contentsOf(later)).toEqual(before);
    const to = fresh('backup');
    await says(0, 'backed up', 'data', 'backup', to, '--data', later);
    await says(2, '9999_later', 'data', 'restore', to, '--data', fresh('restored'), '--keys', join(later, 'keys'));
  });

  it('that is older is upgraded after a backup, and only then', async () => {
    const data = fresh('data');
    const before = await storeOfBefore(join(data, 'writ.db'));
    await before.destroy();
    await says(1, /changes of the tables for Writ \d/, 'data', 'upgrade', '--check', '--data', data);
    await says(2, 'name a folder for a backup', 'data', 'upgrade', '--data', data);
    const to = fresh('backup');
    await says(0, 'upgraded the store', 'data', 'upgrade', '--data', data, '--backup', to);
    await says(0, 'up to date', 'data', 'upgrade', '--data', data);
    const kept = openSqlite(join(to, 'writ.db'), { readonly: true });
    const latest = kept.prepare('select max(name) as name from kysely_migration').get();
    kept.close();
    expect((latest as { name: string }).name < '0006').toBe(true);
    const writ = await run(BUNDLE, { data });
    expect((await reads(writ, 'ana')).decision).toBe(true);
    await writ.stop();
  });

  it('that is from before keys and digests is restored beside later keys', async () => {
    const data = fresh('data');
    await storeBeforeKeys(join(data, 'writ.db'), join(data, 'keys'));
    const to = fresh('backup');
    await says(0, 'upgraded the store', 'data', 'upgrade', '--data', data, '--backup', to);
    const upgraded = contentsOf(join(data, 'keys'));
    expect(Object.keys(upgraded)).toEqual(
      expect.arrayContaining([join(data, 'keys/store.key'), join(data, 'keys/state.begun')]),
    );
    const out = await says(0, 'restored', 'data', 'restore', to, '--data', data, '--replace');
    const away = /what was there is in (\S+):/.exec(out)?.[1] as string;
    // The store that was there needs its key as it was.
    expect(existsSync(join(away, 'keys/store.key'))).toBe(true);
    const writ = await run(BUNDLE, { data });
    expect((await reads(writ, 'ana')).decision).toBe(true);
    expect(readFileSync(join(data, 'keys/store.key'))).toEqual(readFileSync(join(away, 'keys/store.key')));
    await writ.stop();
  });
});
