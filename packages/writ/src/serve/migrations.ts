import { accessMigrations } from '../access/task-store.js';
import { exportMigrations } from '../audit/export/exporter.js';
import { acknowledgementMigrations } from '../audit/log/async-acknowledgement.js';
import { auditMigrations } from '../audit/log/log-migrations.js';
import { personKeyMigrations } from '../audit/protection/person-keys.js';
import { indexMigrations } from '../audit/search/search-index.js';
import { stateMigrations } from '../audit/state/state-tables.js';
import { servedPolicyMigrations } from '../bundle/served-policies.js';
import { credentialMigrations } from '../provenance/credential-rows.js';
import { dpopMigrations } from '../provenance/dpop.js';
import { signingKeyMigrations } from '../provenance/signing-keys.js';
import { taskMigrations } from '../provenance/task-store.js';
import { approvalMigrations } from '../registry/approval-store.js';
import { credentialUseMigrations } from '../registry/credential-uses.js';
import { entityMigrations } from '../registry/entity-store.js';
import { grantMigrations } from '../registry/grants.js';
import { identityMigrations } from '../registry/identities.js';
import { identityKeyMigrations } from '../registry/identity-keys.js';
import { revisionMigrations } from '../registry/revision-log.js';
import { revocationMigrations } from '../registry/revocation-rows.js';
import { sightingMigrations } from '../registry/sightings.js';
import { toolPinMigrations } from '../registry/tool-pins.js';
import { signalMigrations } from '../signals/stream-store.js';
import { storeKeyMigrations } from '../store/open-store-key.js';
import { isPostgresUrl } from '../store/postgres.js';
import type { Migrations } from '../store/store.js';

/** The migrations of all rooms. */
const MIGRATIONS = [
  accessMigrations,
  approvalMigrations,
  auditMigrations,
  credentialMigrations,
  credentialUseMigrations,
  dpopMigrations,
  acknowledgementMigrations,
  entityMigrations,
  exportMigrations,
  grantMigrations,
  identityKeyMigrations,
  identityMigrations,
  personKeyMigrations,
  revisionMigrations,
  revocationMigrations,
  servedPolicyMigrations,
  signalMigrations,
  signingKeyMigrations,
  sightingMigrations,
  stateMigrations,
  storeKeyMigrations,
  taskMigrations,
  toolPinMigrations,
];

/** Returns the migrations for the tables of a store; SQLite has its search index in a file of its own. */
export function migrationsFor(where: string): readonly Migrations[] {
  return isPostgresUrl(where) ? [...MIGRATIONS, indexMigrations] : MIGRATIONS;
}
