import { messageOf } from '@writ/sdk/lib/message-of';
import type pg from 'pg';
import { endNow } from '../../store/postgres.js';
import { RecordError, RecordTakenOverError } from '../errors.js';

/** How long after a failed attempt the next one follows. */
const AGAIN_MS = 250;
/** A database that owes an answer for this long counts as one that records nothing. */
const SLOW_MS = 1_500;
/** After this time without the answer the connection counts as lost: a network that was cut says nothing. */
const SILENT_MS = 10_000;
const LOOK_MS = 500;

export interface Reconnection {
  /** Opens a connection instead of a lost one, whose session has ended then. It holds the lock, if the lost one did. */
  readonly open: () => Promise<pg.Client>;
  /** Called when the connection is lost: others to the same database may be dead too. */
  readonly onLost: () => void;
  /** Called when the record cannot be continued by this service. */
  readonly onGone: (why: RecordTakenOverError) => void;
}

/**
 * The connection that the log is written with. One that is lost is replaced; until then, nothing is written.
 */
export class WriterConnection {
  private lost: RecordError | undefined;
  private isClosed = false;
  /** The number of statements without an answer, and when the oldest or the last answer was (`performance.now()`). */
  private asked = 0;
  private since = 0;
  private readonly watch: NodeJS.Timeout;

  /**
   * @param resume called with the new connection before it is used; rejects if it may not be
   * @param reconnection undefined for a connection that is not replaced
   */
  constructor(
    private client: pg.Client,
    private readonly resume: (client: pg.Client) => Promise<void>,
    private readonly reconnection: Reconnection | undefined,
  ) {
    this.listen(client);
    this.watch = setInterval(() => this.look(), LOOK_MS).unref();
  }

  private listen(client: pg.Client): void {
    const lost = (error: Error): void => {
      if (client === this.client) this.lose(error);
    };
    client.on('error', lost);
    client.on('end', () => lost(new Error('it was closed')));
  }

  /** Why nothing can be written now; undefined if nothing is known against it. */
  get failure(): RecordError | undefined {
    if (this.lost !== undefined) return this.lost;
    return this.silentFor > SLOW_MS ? new RecordError('the database does not answer') : undefined;
  }

  /** The error that the connection was lost with; undefined if it is not lost. */
  get loss(): RecordError | undefined {
    return this.lost;
  }

  /** Whether a connection that is lost is replaced. */
  get isReplaced(): boolean {
    return this.reconnection !== undefined;
  }

  private get silentFor(): number {
    return this.asked === 0 ? 0 : performance.now() - this.since;
  }

  private look(): void {
    if (this.silentFor > SILENT_MS) this.lose(new Error(`it has not answered for ${SILENT_MS} ms`));
  }

  async query<Row extends pg.QueryResultRow>(
    statement: string | pg.QueryConfig,
    values?: unknown[],
  ): Promise<pg.QueryResult<Row>> {
    if (this.lost !== undefined) throw this.lost;
    const { client } = this;
    if (this.asked === 0) this.since = performance.now();
    this.asked += 1;
    try {
      return await client.query<Row>(statement, values);
    } finally {
      if (client === this.client) {
        this.asked = Math.max(0, this.asked - 1);
        this.since = performance.now();
      }
    }
  }

  /** Takes the connection for lost. */
  lose(error: Error): RecordError {
    if (this.lost !== undefined) return this.lost;
    this.lost = new RecordError(
      `the connection to the database, and with it the lock, is lost: ${error.message}`,
      this.reconnection === undefined ? 'restart the service' : 'bring the database back; Writ connects again',
    );
    endNow(this.client);
    if (!this.isClosed) this.reconnection?.onLost();
    if (!this.isClosed && this.reconnection !== undefined) void this.reopen(this.reconnection);
    return this.lost;
  }

  private async reopen(reconnection: Reconnection): Promise<void> {
    let client: pg.Client | undefined;
    try {
      client = await reconnection.open();
      await this.resume(client);
    } catch (error) {
      if (client !== undefined) endNow(client);
      if (this.isClosed) return;
      if (error instanceof RecordTakenOverError) {
        this.lost = new RecordError(error.message, error.help);
        reconnection.onGone(error);
      } else {
        this.lost = new RecordError(
          `the connection to the database is lost: ${messageOf(error)}`,
          'bring the database back; Writ connects again',
        );
        setTimeout(() => void this.reopen(reconnection), AGAIN_MS).unref();
      }
      return;
    }
    if (this.isClosed) {
      endNow(client);
      return;
    }
    this.client = client;
    this.asked = 0;
    this.lost = undefined;
    this.listen(client);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.watch);
    if (this.lost === undefined) await this.client.end().catch(() => undefined);
  }
}
