import type pg from 'pg';
import { isPostgresUrl, readingPool, shownUrl } from '../../store/postgres.js';
import { FetchError } from '../errors.js';
import type { FactSource, FetchedDocument } from './source.js';

const CONNECTIONS = 4;

/** Rows of a PostgreSQL database; a column is a member of the document. The connection can only read. */
export class SqlSource implements FactSource {
  readonly shown: string;
  private readonly pool: pg.Pool;

  constructor(
    url: string,
    private readonly query: string,
    timeoutMs: number,
  ) {
    if (!isPostgresUrl(url)) throw new FetchError('sql is asked of PostgreSQL: a postgres:// URL');
    this.shown = shownUrl(url);
    this.pool = readingPool(url, CONNECTIONS, timeoutMs);
  }

  async one(id: string, signal: AbortSignal): Promise<FetchedDocument | undefined> {
    const rows = await this.rows([id], signal);
    if (rows.length > 1) throw new FetchError(`${this.shown} has ${rows.length} rows for one entity`);
    return rows[0];
  }

  all(signal: AbortSignal): Promise<readonly FetchedDocument[]> {
    return this.rows([], signal);
  }

  private async rows(values: unknown[], signal: AbortSignal): Promise<readonly FetchedDocument[]> {
    signal.throwIfAborted();
    return (await this.pool.query(this.query, values)).rows;
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}
