import type { Logger } from 'pino';
import type { LogWriter } from '../audit/log/log-writer.js';
import { usedApprovalsIn } from '../decide/approval/approved.js';
import type { UsedProof } from '../decide/record.js';
import { every } from '../lib/every.js';
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
  /** Of what others change in the same database; undefined where nobody can. */
  readonly announcements: PostgresAnnouncements | undefined;
  /** What it says of who acted is remembered. */
  readonly log: LogWriter;
  /** What was presented once and counts no more. */
  readonly usedProofs: readonly Pick<UsedProof, 'key'>[];
  readonly clock: () => Date;
  readonly logger: Logger;
  readonly onClose: (close: () => void | Promise<void>) => void;
}

/** All that is known of identities, resources and tools, and what holds for now. */
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

/** Opens the registry of a store, follows what others change in it, and keeps who was seen to act. */
export async function openRegistry(parts: RegistryParts): Promise<RegistryStores> {
  const { store, announcements, log, usedProofs, clock, logger, onClose } = parts;
  const revisions = await RevisionLog.open(store, clock());
  const stores: RegistryStores = {
    revisions,
    entities: new EntityStore(store, revisions),
    identityKeys: await IdentityKeys.open(store, revisions),
    revocations: await Revocations.open(store, revisions),
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
  onClose(saveSeen);
  onClose(every(SAVE_SIGHTINGS_MS, saveSeen, (error) => logger.error({ err: error }, 'sightings could not be stored')));
  if (announcements !== undefined)
    onClose(
      followChanges(revisions, announcements, (error) => logger.error({ err: error }, 'changes cannot be followed')),
    );
  return stores;
}
