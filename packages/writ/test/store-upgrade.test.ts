import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { auditMigrations } from '../src/audit/log/log-migrations.js';
import { LogReader } from '../src/audit/log/log-reader.js';
import { NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { dpopMigrations } from '../src/provenance/dpop.js';
import { openStore } from '../src/store/store.js';
import { auditThen, storeOfBefore } from './old-store.js';
import { bundleOf, run } from './running.js';

it('a store of before mandates and links opens, and a proof that was used stays used', async () => {
  const data = mkdtempSync(join(tmpdir(), 'writ-upgrade-'));
  const before = await storeOfBefore(join(data, 'writ.db'));
  const until = Math.floor(Date.now() / 1_000) + 60;
  const tables = before.withTables<{ dpop_proofs: { key: string; until: number } }>();
  await tables.insertInto('dpop_proofs').values({ key: 'used', until }).execute();
  await before.destroy();

  const folder = bundleOf({
    'writ.yaml': 'name: upgrade',
    'schema.cedarschema': 'entity User; action look appliesTo { principal: [User], resource: [User] };',
    'policies/all.cedar': '@id("all") permit (principal, action, resource);',
  });
  const writ = await run(folder, { data });
  await writ.stop();
  expect(writ.url).toMatch(/^http/);

  const again = mkdtempSync(join(tmpdir(), 'writ-upgrade-'));
  const store = await openStore(join(again, 'writ.db'), auditThen, dpopMigrations);
  const proofs = store.withTables<{ dpop_proofs: { key: string; until: number } }>();
  await proofs.insertInto('dpop_proofs').values({ key: 'used', until }).execute();
  await store.destroy();
  const upgraded = await openStore(join(again, 'writ.db'), auditMigrations, dpopMigrations);
  expect(await new LogReader(upgraded, NO_KEYS, NO_CATCH_UP).proofs(new Date())).toEqual([{ key: 'used', until }]);
  await upgraded.destroy();
  rmSync(again, { recursive: true, force: true });
});
