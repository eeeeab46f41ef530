import { auditMigrations } from '../src/audit/log/log-migrations.js';
import { openLog } from '../src/audit/log/open-log.js';
import { credentialMigrations } from '../src/provenance/credential-rows.js';
import { dpopMigrations } from '../src/provenance/dpop.js';
import { signingKeyMigrations } from '../src/provenance/signing-keys.js';
import { entityMigrations } from '../src/registry/entity-store.js';
import { revocationMigrations } from '../src/registry/revocation-rows.js';
import { sightingMigrations } from '../src/registry/sightings.js';
import { migrationsFor } from '../src/serve/migrations.js';
import { type Migrations, openStore, type Store } from '../src/store/store.js';

/** The migrations that there were before one. */
function madeBefore(name: string, all: Migrations): Migrations {
  return Object.fromEntries(Object.entries(all).filter(([one]) => one < name));
}

/** The tables of the log before mandates and links. */
export const auditThen = madeBefore('0006', auditMigrations);

/** Makes a store as it was before its secrets had a key and its tables digests: with a signed log, and a secret in the clear. */
export async function storeBeforeKeys(file: string, keys: string): Promise<void> {
  const then = migrationsFor(file).map((all) => madeBefore('0020', all));
  const store = await openStore(file, ...then);
  await store
    .withTables<{ secrets: { name: string; value: string } }>()
    .insertInto('secrets')
    .values({ name: 'masks', value: Buffer.alloc(32, 7).toString('base64url') })
    .execute();
  await openLog(store, { keys });
  await store.destroy();
}

/** Makes a store as it was before mandates and links. */
export function storeOfBefore(file: string): Promise<Store> {
  const rooms = [credentialMigrations, dpopMigrations, entityMigrations, revocationMigrations];
  const then = [...rooms, signingKeyMigrations, sightingMigrations].map((all) => madeBefore('0006', all));
  return openStore(file, auditThen, ...then);
}
