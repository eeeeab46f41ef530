import { existsSync, writeFileSync } from 'node:fs';
import { decodeTime } from 'ulid';
import type { StateKey } from '../../store/state-key.js';
import type { Store } from '../../store/store.js';
import type { LogTables } from '../log/log-tables.js';
import { parseCheckpoint } from '../tlog/checkpoint.js';
import type { Acceptance } from './acceptance.js';
import {
  type BoundDigest,
  type DigestRow,
  digestsIn,
  STATE_TABLES,
  type StateTable,
  stateLines,
} from './state-tables.js';

/** The digests of a database, and the tables that they are of. */
export interface StateDigests {
  rows(): Promise<DigestRow[]>;
  /** Returns whether a table has the rows of its digest. */
  fits(row: DigestRow): Promise<boolean>;
  /** Makes a digest of the rows that a table has. */
  adopt(name: StateTable, seq: number): Promise<void>;
}

interface GuardParts {
  readonly store: Store;
  readonly digests: StateDigests;
  readonly acceptance: Acceptance;
  /** The key of the digests. */
  readonly key: Pick<StateKey, 'isNew' | 'drop'>;
  /** A file outside the store that says that this deployment has digests. */
  readonly begunFile: string;
  /** Whether every commit that comes long after a signature is signed, as with one service on its own file. */
  readonly isSignedOften: boolean;
}

/** Entries after the last signature are of the moment before a service was killed. A long time in them means that the checkpoint is old. */
const MAX_UNSIGNED_MS = 5 * 60_000;

const HELP =
  'something other than Writ changed the database: `writ log verify --data DIR` verifies the log; restore the database and the keys from one copy. To accept the tables as they are: writ start --accept-state REASON, which is recorded';

const KEY_HELP =
  'bring it back; on another machine, copy the folder keys there. If it is lost: writ start --accept-state REASON verifies nothing this time, and is recorded.';

/** Verifies at a start that the tables that decisions rest on are those that the last checkpoint of the log was signed for. */
export class StateGuard {
  constructor(private readonly parts: GuardParts) {}

  /** Verifies the tables. @param checkpoint the last one; empty for a new log. @throws {StateError} naming the table that differs */
  async check(checkpoint: string): Promise<void> {
    const { digests, acceptance } = this.parts;
    const bound = checkpoint === '' ? [] : digestsIn(parseCheckpoint(checkpoint).note.text);
    const rows = new Map((await digests.rows()).map((row) => [row.name, row]));
    const hasBegun = existsSync(this.parts.begunFile);
    if (bound.length > 0 || rows.size > 0) this.assertKey();
    if (bound.length > 0 || rows.size > 0 || hasBegun) await this.assertSigned(checkpoint);
    const known = new Map(bound.map((row) => [row.name, row]));
    for (const name of STATE_TABLES) {
      const why = await this.problem(rows.get(name), known.get(name), hasBegun);
      if (why !== undefined) acceptance.refuse(`the table ${name} is not as this service left it: ${why}`, HELP);
      // A first start with digests takes the tables as they are, and so does an operator who accepts them.
      const seq = Math.max(rows.get(name)?.seq ?? 0, known.get(name)?.seq ?? 0);
      if (why !== undefined || !rows.has(name)) await digests.adopt(name, seq + 1);
    }
    if (!hasBegun) writeFileSync(this.parts.begunFile, '', { mode: 0o600 });
  }

  /** Returns the lines by which a checkpoint binds the digests. */
  async lines(): Promise<string[]> {
    return stateLines(await this.parts.digests.rows());
  }

  private assertKey(): void {
    const { key, acceptance } = this.parts;
    if (!key.isNew) return;
    if (acceptance.reason === undefined) key.drop();
    acceptance.refuse('keys/state.key, by which the state is verified, is missing', KEY_HELP);
  }

  private async problem(
    row: DigestRow | undefined,
    bound: BoundDigest | undefined,
    hasBegun: boolean,
  ): Promise<string | undefined> {
    if (row === undefined) return bound !== undefined || hasBegun ? 'its digest is missing' : undefined;
    if (bound !== undefined && row.seq < bound.seq)
      return `it is older than the last checkpoint (change ${row.seq}, and ${bound.seq} was signed for)`;
    if (bound !== undefined && row.seq === bound.seq && row.digest !== bound.digest)
      return 'its digest is not the one that was signed for';
    if (row.stale !== 0)
      return 'it was changed by a service that follows while this one was stopped, or by something other than Writ';
    return (await this.parts.digests.fits(row)) ? undefined : 'its rows are not those of its digest';
  }

  /** Verifies that the checkpoint is not older than its log: an earlier one binds the tables of that time. */
  private async assertSigned(checkpoint: string): Promise<void> {
    const { store, acceptance, isSignedOften } = this.parts;
    if (!isSignedOften) return;
    const size = checkpoint === '' ? 0 : parseCheckpoint(checkpoint).size;
    const groups = store.withTables<LogTables>().selectFrom('log_groups').select(['first_id', 'last_id']);
    const first = await groups.where('start', '>=', size).orderBy('start').limit(1).executeTakeFirst();
    const last = await groups.orderBy('seq', 'desc').limit(1).executeTakeFirst();
    if (first === undefined || last === undefined) return;
    if (decodeTime(last.last_id) - decodeTime(first.first_id) > MAX_UNSIGNED_MS)
      acceptance.refuse(
        `the last checkpoint is of ${size} entries, and the log continued long after it: it is not the last one that was signed`,
        HELP,
      );
  }
}
