import { every } from '@writ/sdk/lib/every';
import type { Logger } from 'pino';
import type { LogWriter } from '../audit/log/log-writer.js';
import { usedApprovalsIn } from '../decide/approval/approved.js';
import type { UsedProof } from '../decide/record.js';
import type { Clock } from '../lib/clock.js';
import type { Closers } from '../lib/closers.js';
import { Approvals } from '../registry/approval-store.js';
import { CredentialUses } from '../registry/credential-uses.js';
import { EntityStore } from '../registry/entity-store.js';
import { followChanges } from '../registry/follow.js';
import { Grants } from '../registry/grants.js';
import { Identities } from '../registry/identities.js';
import { IdentityKeys } from '../registry/identity-keys.js';
import { RevisionLog } from '../registry/revision-log.js';
import { Revocations } from '../registry/revocations.js';
import { Sightings } from '../registry/sightings.js';
import { ToolPins } from '../registry/tool-pins.js';
import type { PostgresAnnouncements } from '../store/announcements.js';
import type { Store } from '../store/store.js';

interface RegistryParts {
  readonly store: Store;
  /** Announces changes between the services on one database; undefined for a database with one service. */
  readonly announcements: PostgresAnnouncements | undefined;
  /** Its entries say which identities acted. */
  readonly log: LogWriter;
  /** The proofs and approvals that were used up. */
  readonly usedProofs: readonly Pick<UsedProof, 'key'>[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly closers: Closers;
}

/** The stores of identities, resources and tools, of grants and of revocations. */
export interface RegistryStores {
  readonly revisions: RevisionLog;
  readonly entities: EntityStore;
  readonly identityKeys: IdentityKeys;
  readonly revocations: Revocations;
  readonly grants: Grants;
  readonly identities: Identities;
  readonly toolPins: ToolPins;
  readonly approvals: Approvals;
  readonly sightings: Sightings;
  readonly credentialUses: CredentialUses;
}

const SAVE_SIGHTINGS_MS = 30_000;

/** Opens the registry of a store, follows the changes of other services, and records which identities act. */
export async function openRegistry(parts: RegistryParts): Promise<RegistryStores> {
  const { store, announcements, log, usedProofs, clock, logger, closers } = parts;
  const revisions = await RevisionLog.open(store, clock());
  const stores: RegistryStores = {
    revisions,
    entities: new EntityStore(store, revisions),
    identityKeys: await IdentityKeys.open(store, revisions),
    revocations: await Revocations.open(store, revisions, clock),
    grants: await Grants.open(store, revisions),
    identities: await Identities.open(store, revisions),
    toolPins: await ToolPins.open(store),
    approvals: await Approvals.open(store, revisions, usedApprovalsIn(usedProofs), clock()),
    sightings: new Sightings(store),
    credentialUses: new CredentialUses(store),
  };
  const { sightings, credentialUses } = stores;
  log.onEntries((notes) => {
    for (const { path, time, result, action } of notes)
      if (path !== undefined) sightings.see(path, time, result === 'allow' || result === 'modify' ? action : undefined);
  });
  const saveSeen = async (): Promise<void> => {
    await sightings.save();
    await credentialUses.save();
  };
  closers.add(saveSeen);
  closers.add(
    every(SAVE_SIGHTINGS_MS, saveSeen, (error) => logger.error({ err: error }, 'sightings could not be stored')),
  );
  if (announcements !== undefined)
    closers.add(
      followChanges(revisions, announcements, (error) => logger.error({ err: error }, 'changes cannot be followed')),
    );
  return stores;
}
