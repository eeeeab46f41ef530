import type Sqlite from 'better-sqlite3';
import { RecordError } from '../errors.js';
import type { SqliteState } from '../state/sqlite-state.js';
import type { Signer } from '../tlog/note.js';
import type { LogGroup } from './log-group.js';
import { holdingsWriter } from './log-holdings.js';
import { type HeadRow, LogTree, openTiles, type TileRow } from './log-tree.js';

/** Expired proofs are deleted once for this many new ones. */
const PURGE_EVERY = 1_000;

/** One signature is for all commits of this time, so that it costs each entry next to nothing. */
export const SIGN_EVERY_MS = 20;

/** Writes groups to an open database. */
interface GroupsInserter {
  /** Writes all groups, each whole and in the tree, or none. Signs if the last signature is older than {@link SIGN_EVERY_MS}. */
  insert(groups: readonly LogGroup[]): void;
  /** Signs for what was written since the last signature. */
  sign(): void;
  /** Whether the last signature is for everything that was written. */
  readonly isSigned: boolean;
}

/** @param state keeps the digests of the state tables; undefined for a log without them */
export function groupsInserter(database: Sqlite.Database, signer: Signer, state?: SqliteState): GroupsInserter {
  let tree = treeIn(database);
  const insert = database.prepare(
    'insert into log_groups (first_id, last_id, count, body, start, hashes) values (?, ?, ?, ?, ?, ?)',
  );
  const attach = database.prepare('insert or ignore into log_attachments (sha256, text) values (?, ?)');
  let keyInsert: Sqlite.Statement | undefined;
  const keyRow = (): Sqlite.Statement => {
    keyInsert ??= database.prepare('insert or ignore into person_keys (id, person, key) values (?, ?, ?)');
    return keyInsert;
  };
  let taskInsert: Sqlite.Statement | undefined;
  const taskRow = (): Sqlite.Statement => {
    taskInsert ??= database.prepare(
      `insert or ignore into tasks (txn, scope, originator, actor, started_by, started, expires, stream, began, used)
       values (?, '', ?, ?, ?, ?, '', ?, ?, ?)`,
    );
    return taskInsert;
  };
  const tile = database.prepare(
    'insert into log_tiles (level, n, hashes) values (?, ?, ?) on conflict do update set hashes = excluded.hashes',
  );
  const moveHead = database.prepare('update log_head set size = ?, frontier = ? where size = ?');
  const signHead = database.prepare('update log_head set checkpoint = ?');
  let signedAt = -Infinity;
  let signed = tree.size;
  const outcome = database.prepare('insert into log_outcomes (decision_id, id) values (?, ?)');
  const take = database.prepare('insert into log_uses (decision_id, use, until) values (?, ?, ?)');
  const proof = database.prepare('insert or ignore into log_proofs (key, until) values (?, ?)');
  const purge = database.prepare('delete from log_proofs where until < ?');
  const holdings = holdingsWriter(database);
  let proofs = 0;
  const giveBack = database.prepare('delete from log_uses where decision_id = ?');
  const write = database.transaction((groups: readonly LogGroup[], isDue: boolean): LogTree => {
    let next = tree;
    state?.begin();
    for (const group of groups) {
      const { tree: longer, added, tiles } = next.with(group.body.split('\n'));
      next = longer;
      insert.run(group.first, group.last, group.count, group.body, added.start, added.hashes);
      for (const { sha256, text } of group.attachments) attach.run(sha256, text);
      // The statement is prepared late: a store without that table seals nothing.
      for (const { id, person, key } of group.keys) keyRow().run(id, person, key);
      for (const { level, n, hashes } of tiles) tile.run(level, n, hashes);
      for (const { decisionId, id } of group.outcomes) outcome.run(decisionId, id);
      for (const { decisionId, use, until } of group.uses) take.run(decisionId, use, until);
      for (const { decisionId, at, reserved } of group.holdings) holdings.enter(decisionId, at, reserved);
      for (const decisionId of group.undone) {
        giveBack.run(decisionId);
        holdings.remove(decisionId);
      }
      for (const { decisionId, at, held } of group.held) {
        if (held === undefined) holdings.remove(decisionId);
        else holdings.replace(decisionId, at, held);
      }
      for (const removal of group.removed) holdings.takeOut(removal);
      // A journal from before has none.
      for (const { txn, originator, actor, startedBy, started, stream, began } of group.begun ?? [])
        taskRow().run(txn, originator, actor, startedBy, started, stream, began, Date.parse(started));
      for (const { key, until, at } of group.proofs) {
        proof.run(key, until);
        proofs += 1;
        if (proofs % PURGE_EVERY === 0) purge.run(at);
      }
    }
    holdings.finish();
    state?.end();
    const { size, frontier } = next.row();
    if (groups.length > 0 && moveHead.run(size, frontier, tree.size).changes !== 1)
      throw new RecordError(
        'another process wrote to the log',
        'let only one service write to a store, and restart it',
      );
    if (isDue) signHead.run(next.head(signer, state?.lines()).checkpoint);
    return next;
  });
  return {
    insert(groups) {
      const isDue = performance.now() - signedAt >= SIGN_EVERY_MS;
      // Only after the commit: what was rolled back is no part of the tree.
      tree = write(groups, isDue);
      if (isDue) [signed, signedAt] = [tree.size, performance.now()];
    },
    sign() {
      if (signed === tree.size) return;
      tree = write([], true);
      [signed, signedAt] = [tree.size, performance.now()];
    },
    get isSigned() {
      return signed === tree.size;
    },
  };
}

function treeIn(database: Sqlite.Database): LogTree {
  const head = database.prepare('select size, frontier from log_head').get() as Pick<HeadRow, 'size' | 'frontier'>;
  const find = database.prepare('select * from log_tiles where level = ? and n = ?');
  return LogTree.of(
    head,
    openTiles(head.size).map(({ level, n }) => find.get(level, n) as TileRow),
  );
}
