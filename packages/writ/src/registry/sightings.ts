import { type EntityUid, uidText } from '@writ/cedar';
import type { Migrations, Store } from '../store/store.js';
import { isBehind } from './by-uid.js';

/** When an identity was seen in decisions. */
export interface Sighting {
  readonly type: string;
  readonly id: string;
  /** RFC 3339, UTC. */
  readonly firstSeen: string;
  readonly lastSeen: string;
}

type SightingTables = { sightings: { type: string; id: string; first_seen: string; last_seen: string } };

export const sightingMigrations: Migrations = {
  '0002_registry_sightings': {
    async up(db) {
      await db.schema
        .createTable('sightings')
        .addColumn('type', 'text', (c) => c.notNull())
        .addColumn('id', 'text', (c) => c.notNull())
        .addColumn('first_seen', 'text', (c) => c.notNull())
        .addColumn('last_seen', 'text', (c) => c.notNull())
        .addPrimaryKeyConstraint('sightings_uid', ['type', 'id'])
        .execute();
    },
  },
};

/** Past this many identities that nobody has stored yet, further ones wait for the next time that they are seen. */
const MAX_UNSAVED = 10_000;

/**
 * Which identities take part in decisions, and when. Learned from the log as it is written, and stored now and then: what a
 * crash takes of it is in the log.
 */
export class Sightings {
  private unsaved = new Map<string, Sighting>();

  constructor(private readonly store: Store) {}

  see(identities: readonly EntityUid[], time: string): void {
    for (const { type, id } of identities) {
      const key = uidText({ type, id });
      const known = this.unsaved.get(key);
      if (known === undefined && this.unsaved.size >= MAX_UNSAVED) continue;
      this.unsaved.set(key, { type, id, firstSeen: known?.firstSeen ?? time, lastSeen: time });
    }
  }

  async save(): Promise<void> {
    const seen = [...this.unsaved.values()];
    this.unsaved = new Map();
    if (seen.length === 0) return;
    await this.store
      .withTables<SightingTables>()
      .transaction()
      .execute(async (transaction) => {
        for (const { type, id, firstSeen, lastSeen } of seen) {
          await transaction
            .insertInto('sightings')
            .values({ type, id, first_seen: firstSeen, last_seen: lastSeen })
            .onConflict((c) => c.columns(['type', 'id']).doUpdateSet({ last_seen: lastSeen }))
            .execute();
        }
      });
  }

  /** Those seen, by type and id, beginning behind `after`. */
  async list(after: EntityUid | undefined, limit: number): Promise<Sighting[]> {
    await this.save();
    let query = this.store
      .withTables<SightingTables>()
      .selectFrom('sightings')
      .selectAll()
      .orderBy('type')
      .orderBy('id');
    if (after !== undefined) query = query.where(isBehind(after));
    const rows = await query.limit(limit).execute();
    return rows.map((row) => ({ type: row.type, id: row.id, firstSeen: row.first_seen, lastSeen: row.last_seen }));
  }
}
