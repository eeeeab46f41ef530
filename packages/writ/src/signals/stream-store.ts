import { columnsOf } from '../store/dialect.js';
import type { Migrations, Store } from '../store/store.js';

/** The state of streams: the tokens received, the newest event of each subject, and the revision delivered to each receiver. */

type SignalTables = {
  signal_sets: { stream: string; jti: string; at: number };
  signal_newest: { stream: string; topic: string; at: number };
  signal_streams: { stream: string; stream_id: string | null; status: string; heard_at: number };
  signal_receivers: { receiver: string; revision: number };
};

export const signalMigrations: Migrations = {
  '0009_registry_signals': {
    async up(db) {
      const { whole, id } = columnsOf(db);
      await db.schema
        .createTable('signal_sets')
        .addColumn('stream', id, (c) => c.notNull())
        .addColumn('jti', id, (c) => c.notNull())
        .addColumn('at', whole, (c) => c.notNull())
        .addPrimaryKeyConstraint('signal_sets_key', ['stream', 'jti'])
        .execute();
      await db.schema
        .createTable('signal_newest')
        .addColumn('stream', id, (c) => c.notNull())
        .addColumn('topic', id, (c) => c.notNull())
        .addColumn('at', whole, (c) => c.notNull())
        .addPrimaryKeyConstraint('signal_newest_key', ['stream', 'topic'])
        .execute();
      await db.schema
        .createTable('signal_streams')
        .addColumn('stream', id, (c) => c.primaryKey())
        .addColumn('stream_id', 'text')
        .addColumn('status', 'text', (c) => c.notNull())
        .addColumn('heard_at', whole, (c) => c.notNull())
        .execute();
      await db.schema
        .createTable('signal_receivers')
        .addColumn('receiver', id, (c) => c.primaryKey())
        .addColumn('revision', whole, (c) => c.notNull())
        .execute();
    },
  },
};

/** A transmitter repeats a token for some hours at most; a token is remembered for this time. */
const KEPT_MS = 30 * 24 * 3_600_000;

export interface StreamState {
  /** The id that the transmitter gave it. */
  readonly streamId: string | undefined;
  readonly status: 'enabled' | 'paused' | 'disabled';
  /** When the last event arrived, in ms since the epoch. */
  readonly heardAt: number;
}

export class StreamStore {
  constructor(private readonly store: Store) {}

  private get table() {
    return this.store.withTables<SignalTables>();
  }

  async has(stream: string, jti: string): Promise<boolean> {
    const row = await this.table
      .selectFrom('signal_sets')
      .select('jti')
      .where('stream', '=', stream)
      .where('jti', '=', jti)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Remembers a token, once everything that it says is on disk. */
  async add(stream: string, jti: string, at: number): Promise<void> {
    await this.table
      .insertInto('signal_sets')
      .values({ stream, jti, at })
      .onConflict((c) => c.doNothing())
      .execute();
    await this.table
      .deleteFrom('signal_sets')
      .where('at', '<', at - KEPT_MS)
      .execute();
  }

  /** Of when the newest is that is known of a topic; milliseconds. */
  async newest(stream: string, topic: string): Promise<number> {
    const row = await this.table
      .selectFrom('signal_newest')
      .select('at')
      .where('stream', '=', stream)
      .where('topic', '=', topic)
      .executeTakeFirst();
    return row?.at ?? -1;
  }

  async setNewest(stream: string, topic: string, at: number): Promise<void> {
    await this.table
      .insertInto('signal_newest')
      .values({ stream, topic, at })
      .onConflict((c) => c.columns(['stream', 'topic']).doUpdateSet({ at }))
      .execute();
  }

  async state(stream: string): Promise<StreamState | undefined> {
    const row = await this.table
      .selectFrom('signal_streams')
      .selectAll()
      .where('stream', '=', stream)
      .executeTakeFirst();
    return (
      row && {
        streamId: row.stream_id ?? undefined,
        status: row.status as StreamState['status'],
        heardAt: row.heard_at,
      }
    );
  }

  async setState(stream: string, { streamId, status, heardAt }: StreamState): Promise<void> {
    const row = { stream_id: streamId ?? null, status, heard_at: heardAt };
    await this.table
      .insertInto('signal_streams')
      .values({ stream, ...row })
      .onConflict((c) => c.column('stream').doUpdateSet(row))
      .execute();
  }

  /** Returns the revision that was delivered to a receiver; undefined if nothing was. */
  async deliveredUpTo(receiver: string): Promise<number | undefined> {
    const row = await this.table
      .selectFrom('signal_receivers')
      .select('revision')
      .where('receiver', '=', receiver)
      .executeTakeFirst();
    return row?.revision;
  }

  async setDeliveredUpTo(receiver: string, revision: number): Promise<void> {
    await this.table
      .insertInto('signal_receivers')
      .values({ receiver, revision })
      .onConflict((c) => c.column('receiver').doUpdateSet({ revision }))
      .execute();
  }
}
