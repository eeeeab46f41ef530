import { messageOf } from '@writ/sdk/lib/message-of';
import { withResolvers } from '@writ/sdk/lib/with-resolvers';
import type pg from 'pg';
import type { Removal } from '../../decide/record.js';
import { RecordError, RecordTakenOverError } from '../errors.js';
import { type BoundDigest, stateLines } from '../state/state-tables.js';
import { parseCheckpoint } from '../tlog/checkpoint.js';
import type { Signer } from '../tlog/note.js';
import type { GroupWriter } from './group-writer.js';
import {
  type AccountRow,
  amountWith,
  amountWithout,
  COMPACT_EVERY,
  foldHoldings,
  type HoldingRow,
  holdingsWithout,
  MAX_AT_ONCE,
  ON_ITS_WAY_MS,
  SETTLED_AFTER_MS,
} from './holding-rows.js';
import type { LogGroup } from './log-group.js';
import { type HeadRow, LogTree, openTiles, type TileRow } from './log-tree.js';
import { type Reconnection, WriterConnection } from './writer-connection.js';

interface Waiting {
  readonly group: LogGroup;
  readonly done: ReturnType<typeof withResolvers<void>>;
}

/** The advisory lock by which writers of the log take turns. */
const ORDER = 0x7772696c;
/** Expired proofs are deleted once for this many new ones. */
const PURGE_EVERY = 1_000;

/** Groups whose commit was not answered: it happened, or it did not. */
interface Doubt {
  readonly groups: readonly LogGroup[];
  /** The signature that is on the head if it happened. */
  readonly checkpoint: string | undefined;
  readonly known: ReturnType<typeof withResolvers<boolean>>;
}

/**
 * Writes groups to PostgreSQL; groups that arrived while the database was busy are one transaction. It uses the connection that holds
 * the lock. When the connection is lost, nothing is written until there is another with the lock, and only if no other service wrote
 * in between: what this one holds in memory would not be what is on the record.
 */
export class PostgresWriter implements GroupWriter {
  private waiting: Waiting[] = [];
  private running: Promise<void> | undefined;
  private readonly connection: WriterConnection;
  private entered: number;
  private latest = 0;
  private proofs = 0;
  private tree: LogTree | undefined;
  private doubt: Doubt | undefined;
  /** The signature that this service last put on the head. */
  private checkpoint: string | undefined;

  /**
   * @param client is closed with the writer
   * @param signer signs the head of the log; undefined for a service that follows another one, which signs
   * @param compactEvery the number of permits after which settled ones are added up
   * @param reconnection undefined if a connection that is lost stays lost
   * @param bindsState whether checkpoints bind the digests of the state tables
   */
  constructor(
    client: pg.Client,
    private readonly signer: Signer | undefined,
    private readonly compactEvery = COMPACT_EVERY,
    reconnection?: Reconnection,
    private readonly bindsState = false,
  ) {
    // The first permit adds up what an earlier process left.
    this.entered = compactEvery;
    this.connection = new WriterConnection(
      client,
      (opened) => this.resume(opened),
      reconnection && {
        ...reconnection,
        onGone: (why) => {
          this.doubt?.known.resolve(false);
          reconnection.onGone(why);
        },
      },
    );
  }

  private get client(): WriterConnection {
    return this.connection;
  }

  /** Reads what happened to a commit without an answer. @throws {RecordTakenOverError} if another service wrote meanwhile */
  private async resume(client: pg.Client): Promise<void> {
    const { doubt, signer } = this;
    const { rows } = await client.query<{ checkpoint: string }>('select checkpoint from log_head');
    const found = rows[0]?.checkpoint;
    const first = doubt?.groups[0]?.first;
    const isThere =
      first !== undefined &&
      (await client.query('select 1 from log_groups where first_id = $1', [first])).rows.length > 0;
    const expected = isThere ? doubt?.checkpoint : this.checkpoint;
    if (signer !== undefined && expected !== undefined && found !== expected)
      throw new RecordTakenOverError(
        'another service wrote the record while the database was lost, or the record was set back',
        'start the service again: it reads the record',
      );
    if (isThere) this.checkpoint = doubt?.checkpoint;
    // Read from the tables again, which a service that follows can have moved on.
    this.tree = undefined;
    this.doubt = undefined;
    doubt?.known.resolve(isThere);
  }

  async readable(): Promise<void> {}

  get failure(): RecordError | undefined {
    return this.connection.failure;
  }

  write(group: LogGroup): Promise<void> {
    const { loss } = this.connection;
    if (loss !== undefined) return Promise.reject(loss);
    const done = withResolvers();
    this.waiting.push({ group, done });
    this.running ??= this.run();
    return done.promise;
  }

  /** @param isDue whether to commit although no group waits */
  private async run(isDue = false): Promise<void> {
    for (let goOn = isDue; goOn || this.waiting.length > 0; goOn = false) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await this.commit(batch.map(({ group }) => group));
        for (const { done } of batch) done.resolve();
      } catch (error) {
        await this.separately(batch, error);
      }
    }
    this.running = undefined;
  }

  /** Commits the groups of a failed transaction one by one, so that none fails for another's sake. */
  private async separately(batch: readonly Waiting[], error: unknown): Promise<void> {
    for (const { group, done } of batch) {
      try {
        if (this.connection.loss !== undefined || batch.length === 1) throw error;
        await this.commit([group]);
        done.resolve();
      } catch (cause) {
        done.reject(this.connection.loss ?? (cause instanceof RecordError ? cause : new RecordError(messageOf(cause))));
      }
    }
  }

  private async commit(groups: readonly LogGroup[]): Promise<void> {
    const { loss } = this.connection;
    if (loss !== undefined) throw loss;
    let tree: LogTree;
    let checkpoint: string | undefined;
    try {
      await this.client.query('begin');
      // Held until the commit: groups of all writers become readable in the order of their numbers.
      await this.client.query('select pg_advisory_xact_lock($1)', [ORDER]);
      tree = await this.current();
      for (const group of groups) tree = await this.insert(group, tree);
      await this.compact();
      checkpoint = await this.moveHead(tree);
    } catch (error) {
      await this.client.query('rollback').catch((cause: Error) => this.connection.lose(cause));
      throw error;
    }
    try {
      await this.client.query('commit');
    } catch (error) {
      if (!(await this.wasCommitted(groups, checkpoint, error as Error))) throw error;
      return;
    }
    this.tree = tree;
    this.checkpoint = checkpoint;
  }

  /** Waits for the connection that shows whether a commit happened; the groups stay on their way until then. */
  private async wasCommitted(
    groups: readonly LogGroup[],
    checkpoint: string | undefined,
    error: Error,
  ): Promise<boolean> {
    const known = withResolvers<boolean>();
    this.doubt = { groups, checkpoint, known };
    this.refuse(this.connection.lose(error));
    return this.connection.isReplaced ? known.promise : false;
  }

  /** Refuses the groups that nothing was sent of yet. */
  private refuse(error: RecordError): void {
    for (const { done } of this.waiting.splice(0)) done.reject(error);
  }

  /** Returns the present tree, while nobody else can change it: another service may have written since. */
  private async current(): Promise<LogTree> {
    const { rows } = await this.client.query<Pick<HeadRow, 'size' | 'frontier'>>({
      name: 'tree',
      text: 'select size, frontier from log_head',
    });
    const head = rows[0] as Pick<HeadRow, 'size' | 'frontier'>;
    if (this.tree !== undefined && this.tree.size === head.size) return this.tree;
    const tiles: TileRow[] = [];
    for (const { level, n } of openTiles(head.size)) {
      const text = 'select level, n, hashes from log_tiles where level = $1 and n = $2';
      tiles.push(...(await this.client.query<TileRow>({ name: 'tile', text, values: [level, n] })).rows);
    }
    return LogTree.of(head, tiles);
  }

  /** @returns the signature that the head has now */
  private async moveHead(tree: LogTree): Promise<string | undefined> {
    const { size, frontier } = tree.row();
    const [name, checkpoint] =
      this.signer === undefined
        ? ['head']
        : ['signed head', tree.head(this.signer, await this.stateLines()).checkpoint];
    const signed = checkpoint === undefined ? '' : ', checkpoint = $3';
    const text = `update log_head set size = $1, frontier = $2${signed}`;
    const values = [size, frontier, ...(checkpoint === undefined ? [] : [checkpoint])];
    await this.client.query({ name, text, values });
    return checkpoint;
  }

  private async stateLines(): Promise<string[]> {
    if (!this.bindsState) return [];
    const text = 'select name, seq, digest from state_digests order by name';
    return stateLines((await this.client.query<BoundDigest>({ name: 'state', text })).rows);
  }

  /** Signs for what services that follow wrote since the last signature. */
  async sign(): Promise<void> {
    if (this.connection.loss !== undefined || this.running !== undefined) return;
    // Without a signer too: a database that does not answer is noticed by it.
    const { rows } = await this.client.query<{ size: number; checkpoint: string }>(
      'select size, checkpoint from log_head',
    );
    const [head] = rows;
    if (this.signer === undefined || head === undefined) return;
    this.checkpoint ??= head.checkpoint;
    if (parseCheckpoint(head.checkpoint).size < head.size) this.running ??= this.run(true);
    await this.running;
  }

  private async insert(group: LogGroup, before: LogTree): Promise<LogTree> {
    const { tree, added, tiles } = before.with(group.body.split('\n'));
    const { outcomes, uses, holdings, undone, held, removed, proofs, begun } = group;
    await this.client.query({
      name: 'group',
      text: 'insert into log_groups (first_id, last_id, count, body, start, hashes) values ($1, $2, $3, $4, $5, $6)',
      values: [group.first, group.last, group.count, group.body, added.start, added.hashes],
    });
    await this.each(
      'attach',
      'insert into log_attachments (sha256, text) select * from unnest($1::text[], $2::text[]) on conflict do nothing',
      [group.attachments.map(({ sha256 }) => sha256), group.attachments.map(({ text }) => text)],
    );
    await this.each(
      'key',
      `insert into person_keys (id, person, key) select * from unnest($1::text[], $2::text[], $3::bytea[])
       on conflict do nothing`,
      [group.keys.map(({ id }) => id), group.keys.map(({ person }) => person), group.keys.map(({ key }) => key)],
    );
    for (const { level, n, hashes } of tiles)
      await this.client.query({
        name: 'put tile',
        text: `insert into log_tiles (level, n, hashes) values ($1, $2, $3)
          on conflict (level, n) do update set hashes = excluded.hashes`,
        values: [level, n, hashes],
      });
    await this.each(
      'outcome',
      // Of an outcome that is reported at two services at once, the first counts.
      `insert into log_outcomes (decision_id, id) select * from unnest($1::text[], $2::text[])
       on conflict do nothing`,
      [outcomes.map(({ decisionId }) => decisionId), outcomes.map(({ id }) => id)],
    );
    await this.each(
      'use',
      'insert into log_uses (decision_id, use, until) select * from unnest($1::text[], $2::text[], $3::bigint[])',
      [uses.map(({ decisionId }) => decisionId), uses.map(({ use }) => use), uses.map(({ until }) => until)],
    );
    await this.enter(holdings.map(({ decisionId, at, reserved }) => ({ decisionId, at, text: reserved })));
    await this.each('unuse', 'delete from log_uses where decision_id = any($1::text[])', [undone]);
    const gone = held.flatMap(({ decisionId, held: text }) => (text === undefined ? [decisionId] : []));
    await this.each('unhold', 'delete from log_holdings where decision_id = any($1::text[])', [[...undone, ...gone]]);
    await this.enter(
      held.flatMap(({ decisionId, at, held: text }) => (text === undefined ? [] : [{ decisionId, at, text }])),
    );
    for (const removal of removed) await this.takeOut(removal);
    await this.each(
      'task',
      `insert into tasks (txn, scope, originator, actor, started_by, started, expires, stream, began, used)
       select txn, '', originator, actor, started_by, started, '', stream, began, used
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
         as begun (txn, originator, actor, started_by, started, stream, began, used)
       on conflict do nothing`,
      [
        begun.map(({ txn }) => txn),
        begun.map(({ originator }) => originator),
        begun.map(({ actor }) => actor),
        begun.map(({ startedBy }) => startedBy),
        begun.map(({ started }) => started),
        begun.map(({ stream }) => stream),
        begun.map(({ began }) => began),
        begun.map(({ started }) => Date.parse(started)),
      ],
    );
    await this.each(
      'proof',
      'insert into log_proofs (key, until) select * from unnest($1::text[], $2::bigint[]) on conflict do nothing',
      [proofs.map(({ key }) => key), proofs.map(({ until }) => until)],
    );
    this.proofs += proofs.length;
    const [last] = proofs.slice(-1);
    if (last !== undefined && this.proofs >= PURGE_EVERY) {
      this.proofs = 0;
      await this.client.query('delete from log_proofs where until < $1', [last.at]);
    }
    return tree;
  }

  private async enter(rows: readonly { decisionId: string; at: number; text: string }[]): Promise<void> {
    await this.each(
      'hold',
      `insert into log_holdings (decision_id, at, next, holdings)
       select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[])
       on conflict (decision_id) do update set holdings = excluded.holdings`,
      [
        rows.map(({ decisionId }) => decisionId),
        rows.map(({ at }) => at),
        rows.map(({ at }) => at + SETTLED_AFTER_MS + ON_ITS_WAY_MS),
        rows.map(({ text }) => text),
      ],
    );
    this.entered += rows.length;
    for (const { at } of rows) this.latest = Math.max(this.latest, at);
  }

  /** Runs a statement for rows, if there are any. */
  private async each(name: string, text: string, columns: readonly (readonly unknown[])[]): Promise<void> {
    if (columns[0]?.length === 0) return;
    await this.client.query({ name, text, values: [...columns] });
  }

  /** Removes values from all rows. It is rare, and reads everything that is not added up yet. */
  private async takeOut(removal: Removal): Promise<void> {
    const { accumulator, key, values } = removal;
    const accounts = await this.client.query<Pick<AccountRow, 'fold' | 'amount'>>(
      'select fold, amount from log_accounts where accumulator = $1 and key = $2',
      [accumulator, key],
    );
    for (const { fold, amount } of accounts.rows)
      await this.client.query('update log_accounts set amount = $1 where accumulator = $2 and fold = $3 and key = $4', [
        amountWithout(amount, values),
        accumulator,
        fold,
        key,
      ]);
    const rows = await this.client.query<Pick<HoldingRow, 'decision_id' | 'holdings'>>(
      'select decision_id, holdings from log_holdings where strpos(holdings, $1) > 0',
      [JSON.stringify(key)],
    );
    for (const { decision_id: id, holdings } of rows.rows)
      await this.client.query('update log_holdings set holdings = $1 where decision_id = $2', [
        holdingsWithout(holdings, removal),
        id,
      ]);
  }

  /** Adds up what is settled. Call it last in a commit: what the commit gave back must not be added up. */
  private async compact(): Promise<void> {
    if (this.entered < this.compactEvery || this.latest === 0) return;
    this.entered = 0;
    const { rows } = await this.client.query<HoldingRow>(
      'select * from log_holdings where next <= $1 order by next limit $2',
      [this.latest, MAX_AT_ONCE],
    );
    const { over, later, totals } = foldHoldings(rows, this.latest);
    await this.each('over', 'delete from log_holdings where decision_id = any($1::text[])', [over]);
    for (const { id, next, holdings } of later)
      await this.client.query('update log_holdings set next = $1, holdings = $2 where decision_id = $3', [
        next,
        holdings,
        id,
      ]);
    for (const { accumulator, fold, key, at, amount } of totals) {
      const before = await this.client.query<Pick<AccountRow, 'amount'>>(
        'select amount from log_accounts where accumulator = $1 and fold = $2 and key = $3',
        [accumulator, fold, key],
      );
      await this.client.query(
        `insert into log_accounts (accumulator, fold, key, at, amount) values ($1, $2, $3, $4, $5)
         on conflict (accumulator, fold, key) do update set at = excluded.at, amount = excluded.amount`,
        [accumulator, fold, key, at, amountWith(before.rows[0]?.amount, amount)],
      );
    }
  }

  async close(): Promise<void> {
    // A commit without an answer is not waited for: the next start reads what happened.
    this.doubt?.known.resolve(false);
    await this.running;
    await this.connection.close();
  }
}
