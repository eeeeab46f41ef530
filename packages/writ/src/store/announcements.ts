import type pg from 'pg';
import { endNow, postgresDriver } from './postgres.js';

const CHANNEL = 'writ_registry';
const AGAIN_MS = 1_000;

/** Short messages between the services on one PostgreSQL database: LISTEN and NOTIFY, each outside of any transaction. */
export class PostgresAnnouncements {
  private client: pg.Client | undefined;
  private heard: () => void = () => undefined;
  private isClosed = false;

  /** @param url of the database */
  constructor(private readonly url: string) {
    void this.connect();
  }

  /** A lost message is no error: followers also poll. */
  announce(): void {
    this.client?.query(`notify ${CHANNEL}`).catch(() => undefined);
  }

  listen(heard: () => void): void {
    this.heard = heard;
  }

  private async connect(): Promise<void> {
    if (this.isClosed) return;
    const client = new (postgresDriver().Client)({ connectionString: this.url, keepAlive: true });
    client.on('notification', () => this.heard());
    client.on('error', () => undefined);
    client.on('end', () => {
      if (this.client === client) this.client = undefined;
      if (!this.isClosed) setTimeout(() => void this.connect(), AGAIN_MS).unref();
    });
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      this.client = client;
    } catch {
      await client.end().catch(() => undefined);
    }
    if (this.isClosed) endNow(client);
  }

  /** Opens another connection: after a cut of the network nobody says that this one is dead. */
  reconnect(): void {
    if (this.client !== undefined) endNow(this.client);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.reconnect();
  }
}
