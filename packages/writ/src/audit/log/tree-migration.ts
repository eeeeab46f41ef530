import type { Kysely } from 'kysely';
import type { LogEntry } from '../../decide/record.js';
import { columnsOf } from '../../store/dialect.js';
import { sql } from '../../store/kysely.js';
import { lineOf } from './log-lines.js';
import type { LogTables } from './log-tables.js';
import { LogTree } from './log-tree.js';

const GROUPS_AT_ONCE = 256;

/** The tables of the log's tree; what was recorded before goes into the tree as it is. */
export async function treeTables(db: Kysely<unknown>): Promise<void> {
  const { whole, id, bytes } = columnsOf(db);
  await db.schema.alterTable('log_groups').addColumn('start', whole).execute();
  await db.schema.alterTable('log_groups').addColumn('hashes', bytes).execute();
  await db.schema
    .createTable('log_tiles')
    .addColumn('level', 'integer', (c) => c.notNull())
    .addColumn('n', whole, (c) => c.notNull())
    .addColumn('hashes', bytes, (c) => c.notNull())
    .addPrimaryKeyConstraint('log_tiles_key', ['level', 'n'])
    .execute();
  await db.schema
    .createTable('log_head')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('origin', 'text', (c) => c.notNull())
    .addColumn('size', whole, (c) => c.notNull())
    .addColumn('frontier', bytes, (c) => c.notNull())
    .addColumn('checkpoint', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('log_attachments')
    .addColumn('sha256', id, (c) => c.primaryKey())
    .addColumn('text', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('log_cosigned')
    .addColumn('size', whole, (c) => c.primaryKey())
    .addColumn('checkpoint', 'text', (c) => c.notNull())
    .execute();
  await hashAll(db.withTables<LogTables>());
  await sql`create unique index log_groups_start on log_groups (start)`.execute(db);
}

async function hashAll(db: Kysely<LogTables>): Promise<void> {
  let tree = LogTree.of({ size: 0, frontier: Buffer.alloc(0) }, []);
  for (let seq = 0; ; ) {
    const rows = await db
      .selectFrom('log_groups')
      .select(['seq', 'body'])
      .where('seq', '>', seq)
      .orderBy('seq')
      .limit(GROUPS_AT_ONCE)
      .execute();
    for (const { seq: at, body } of rows) {
      const lines = body.split('\n').map((text) => lineOf(JSON.parse(text) as LogEntry, text));
      const texts = lines.map(({ line }) => line);
      const { tree: next, added, tiles } = tree.with(texts);
      await db
        .updateTable('log_groups')
        .set({ ...added, body: texts.join('\n') })
        .where('seq', '=', at)
        .execute();
      for (const { attachment } of lines)
        if (attachment !== undefined)
          await db
            .insertInto('log_attachments')
            .values(attachment)
            .onConflict((c) => c.doNothing())
            .execute();
      for (const tile of tiles)
        await db
          .insertInto('log_tiles')
          .values(tile)
          .onConflict((c) => c.columns(['level', 'n']).doUpdateSet({ hashes: tile.hashes }))
          .execute();
      tree = next;
      seq = at;
    }
    if (rows.length < GROUPS_AT_ONCE) break;
  }
  const { size, frontier } = tree.row();
  await db.insertInto('log_head').values({ id: 1, origin: '', size, frontier, checkpoint: '' }).execute();
}
