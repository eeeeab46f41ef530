import { type EntityUid, uidText } from '@writ/cedar';
import { isPostgres } from '../store/dialect.js';
import { sql } from '../store/kysely.js';
import type { Migrations, Store } from '../store/store.js';
import { isBehind } from './by-uid.js';

function toolsIn(text: string | null | undefined): string[] {
  return text === null || text === undefined ? [] : (JSON.parse(text) as string[]);
}

function sightingOf(row: SightingTables['sightings']): Sighting {
  const { type, id, first_seen: firstSeen, last_seen: lastSeen, tools } = row;
  return { type, id, firstSeen, lastSeen, tools: toolsIn(tools) };
}

/** When an identity was seen in decisions. */
export interface Sighting {
  readonly type: string;
  readonly id: string;
  /** RFC 3339, UTC. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** The actions that it was permitted itself, at most 100. */
  readonly tools: readonly string[];
}

type SightingTables = {
  sightings: { type: string; id: string; first_seen: string; last_seen: string; tools: string | null };
};

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
  '0008_registry_sighting_tools': {
    async up(db) {
      await db.schema.alterTable('sightings').addColumn('tools', 'text').execute();
      // In one order with the identities that are registered, whatever the collation of the database.
      if (isPostgres(db))
        for (const name of ['type', 'id'])
          await sql`alter table sightings alter column ${sql.ref(name)} type text collate "C"`.execute(db);
    },
  },
};

interface Seen extends EntityUid {
  readonly firstSeen: string;
  lastSeen: string;
  readonly tools: Set<string>;
}

const MAX_TOOLS = 100;
/** Past this many identities that nobody has stored yet, further ones wait for the next time that they are seen. */
const MAX_UNSAVED = 10_000;

/**
 * Which identities take part in decisions, and when. Learned from the log as it is written, and stored now and then: what a
 * crash takes of it is in the log.
 */
export class Sightings {
  private unsaved = new Map<string, Seen>();

  constructor(private readonly store: Store) {}

  /** @param permitted the action, when it was permitted: what the last of them does */
  see(identities: readonly EntityUid[], time: string, permitted?: string): void {
    for (const [i, { type, id }] of identities.entries()) {
      const key = uidText({ type, id });
      let seen = this.unsaved.get(key);
      if (seen === undefined) {
        if (this.unsaved.size >= MAX_UNSAVED) continue;
        seen = { type, id, firstSeen: time, lastSeen: time, tools: new Set() };
        this.unsaved.set(key, seen);
      }
      seen.lastSeen = time;
      const { tools } = seen;
      if (permitted !== undefined && i === identities.length - 1 && tools.size < MAX_TOOLS) tools.add(permitted);
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
        for (const { type, id, firstSeen, lastSeen, tools } of seen) {
          const known = await transaction
            .selectFrom('sightings')
            .select('tools')
            .where('type', '=', type)
            .where('id', '=', id)
            .executeTakeFirst();
          const all = JSON.stringify([...new Set([...toolsIn(known?.tools), ...tools])].slice(0, MAX_TOOLS));
          await transaction
            .insertInto('sightings')
            .values({ type, id, first_seen: firstSeen, last_seen: lastSeen, tools: all })
            .onConflict((c) => c.columns(['type', 'id']).doUpdateSet({ last_seen: lastSeen, tools: all }))
            .execute();
        }
      });
  }

  async find({ type, id }: EntityUid): Promise<Sighting | undefined> {
    await this.save();
    const row = await this.store
      .withTables<SightingTables>()
      .selectFrom('sightings')
      .selectAll()
      .where('type', '=', type)
      .where('id', '=', id)
      .executeTakeFirst();
    return row && sightingOf(row);
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
    return rows.map(sightingOf);
  }
}
