import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { auditMigrations } from '../src/audit/log/log-migrations.js';
import { LogReader } from '../src/audit/log/log-reader.js';
import { NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { credentialMigrations } from '../src/provenance/credentials.js';
import { dpopMigrations } from '../src/provenance/dpop.js';
import { signingKeyMigrations } from '../src/provenance/signing-keys.js';
import { entityMigrations } from '../src/registry/entity-store.js';
import { revocationMigrations } from '../src/registry/revocation-rows.js';
import { sightingMigrations } from '../src/registry/sightings.js';
import { type Migrations, openStore } from '../src/store/store.js';
import { bundleOf, run } from './running.js';

/** The migrations that there were before one. */
function madeBefore(name: string, all: Migrations): Migrations {
  return Object.fromEntries(Object.entries(all).filter(([one]) => one < name));
}

it('a store of before mandates and links opens, and a proof that was used stays used', async () => {
  const data = mkdtempSync(join(tmpdir(), 'writ-upgrade-'));
  const auditThen = madeBefore('0006', auditMigrations);
  const before = await openStore(
    join(data, 'writ.db'),
    auditThen,
    credentialMigrations,
    dpopMigrations,
    madeBefore('0006', entityMigrations),
    madeBefore('0006', revocationMigrations),
    signingKeyMigrations,
    madeBefore('0006', sightingMigrations),
  );
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
