import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StateError } from '../src/audit/errors.js';
import { type PostgresServer, startPostgres } from './postgres.js';
import { decide, REFUNDS, revoke } from './refunds.js';
import { bundleOf, type Running, run } from './running.js';

/** As changed-state.test.ts, with the store in PostgreSQL. */

const folder = mkdtempSync(join(tmpdir(), 'writ-changed-pg-'));
const BUNDLE = bundleOf(REFUNDS);

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
}, 120_000);
afterAll(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The data folder and the database of a service. */
interface At {
  readonly data: string;
  readonly store: string;
}

let made = 0;
/** A service on a database of its own that was stopped after a revocation and a payment of 40. */
async function stopped(): Promise<At> {
  made += 1;
  const at = { data: join(folder, `data-${made}`), store: await postgres.database() };
  const writ = await run(BUNDLE, at);
  await revoke(writ, 'mallory');
  expect(await decide(writ, 'ana', 40)).toBe(true);
  await writ.writ.close();
  return at;
}
async function query(store: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: store });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
const refused = async (at: At): Promise<StateError> => {
  const error = await run(BUNDLE, at).catch((thrown: unknown) => thrown);
  if (!(error instanceof Error)) await (error as Running).writ.close();
  expect(error).toBeInstanceOf(StateError);
  return error as StateError;
};

describe('a database that was changed while the service was stopped', () => {
  it.each([
    ['registry_revocations', 'delete from registry_revocations'],
    ['log_holdings', 'delete from log_holdings'],
    ['credentials', "update credentials set hash = hash || 'x'"],
    ['registry_revocations', 'truncate registry_revocations'],
    [
      'log_holdings',
      'alter table log_holdings disable trigger all; delete from log_holdings; alter table log_holdings enable trigger all',
    ],
    [
      'registry_revocations',
      "alter table registry_revocations disable trigger all; delete from registry_revocations; update state_digests set seq = seq + 1, stale = 0 where name = 'registry_revocations'",
    ],
    [
      'registry_revocations',
      "delete from registry_revocations; update state_digests set stale = 0 where name = 'registry_revocations'",
    ],
    // With a key of one's own, the triggers make digests that the service does not know.
    ['log_holdings', "set writ.state_key = 'ff'; delete from log_holdings"],
    ['approvals', 'delete from state_digests'],
  ])('in %s by `%s` is refused', async (table, text) => {
    const at = await stopped();
    await query(at.store, text);
    expect((await refused(at)).message).toContain(`the table ${table} is not as this service left it`);
  });

  it('is accepted if the operator says so, once', async () => {
    const at = await stopped();
    await query(at.store, 'delete from registry_revocations');
    await (await run(BUNDLE, { ...at, acceptState: 'restored' })).writ.close();
    await (await run(BUNDLE, at)).writ.close();
  });

  it('from a machine that does not have the key of the state is refused, and starts when it has', async () => {
    const at = await stopped();
    rmSync(join(at.data, 'keys/state.begun'));
    renameSync(join(at.data, 'keys/state.key'), join(folder, 'kept.key'));
    expect((await refused(at)).message).toContain('keys/state.key');
    renameSync(join(folder, 'kept.key'), join(at.data, 'keys/state.key'));
    await (await run(BUNDLE, at)).writ.close();
  });
});

describe('starts and continues', () => {
  it('after a stop, and after its connections were cut in the middle of the load', async () => {
    const at = await stopped();
    const again = await run(BUNDLE, at);
    const asked = Array.from({ length: 60 }, (_, i) => decide(again, `u${i}`, 1).catch(() => false));
    await postgres.disconnect(at.store);
    await Promise.all(asked);
    await again.writ.close().catch(() => undefined);
    const writ = await run(BUNDLE, at);
    expect(await decide(writ, 'mallory', 1)).toBe(false);
    expect(await decide(writ, 'ana', 11)).toBe(false);
    expect(await decide(writ, 'ana', 10)).toBe(true);
    await writ.writ.close();
  });

  /** A service that follows revokes somebody, with these keys of the one that it follows. */
  async function revokedBy(at: At, keys: readonly string[], whileItRuns: boolean, user = 'eve'): Promise<void> {
    const keeper = await run(BUNDLE, at);
    const data = mkdtempSync(join(folder, 'follower-'));
    mkdirSync(join(data, 'keys'));
    for (const name of keys) cpSync(join(at.data, 'keys', name), join(data, 'keys', name));
    const follower = await run(BUNDLE, { ...at, data, follow: true });
    const body = { kind: 'identity', target: `User::"${user}"`, reason: 'left' };
    const key = keeper.key('admin');
    if (!whileItRuns) await keeper.writ.close();
    const sent = await fetch(`${follower.url}/v1/revocations`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    });
    expect(sent.status).toBe(201);
    await follower.writ.close();
    if (whileItRuns) await keeper.writ.close();
  }

  const startsWithoutEve = async (at: At): Promise<void> => {
    const writ = await run(BUNDLE, at);
    expect(await decide(writ, 'eve', 1)).toBe(false);
    await writ.writ.close();
  };

  it('after a service that follows revoked somebody while it ran', async () => {
    const at = await stopped();
    await revokedBy(at, ['store.key'], true);
    await startsWithoutEve(at);
  });

  it('after one that has the key of the state revoked somebody while it was stopped, and not after one that has another', async () => {
    const at = await stopped();
    await revokedBy(at, ['store.key', 'state.key'], false);
    await startsWithoutEve(at);
    await revokedBy(at, ['store.key'], false, 'kim');
    expect((await refused(at)).message).toContain(
      'it was changed by a service that follows while this one was stopped',
    );
  });
});
