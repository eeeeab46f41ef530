import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from '../src/serve/start.js';
import type { RunningService } from '../src/serve/start-options.js';
import { openSqlite } from '../src/store/sqlite.js';
import { PATIENT } from './running.js';

/** The support desk of examples/, running on a folder of its own: real servers, real store, real HTTP. */
export const BUNDLE = fileURLToPath(new URL('../../../examples/support-desk', import.meta.url));

export interface RunningDesk {
  readonly writ: RunningService;
  readonly data: string;
  readonly files: string;
  /** The enforcement point's key. */
  readonly key: string;
  clientKey(client: string): string;
  /** How many rows a table of the desk's database has. */
  rows(table: string): number;
  stop(): Promise<void>;
}

export async function startDesk(bundle = BUNDLE): Promise<RunningDesk> {
  const data = mkdtempSync(join(tmpdir(), 'writ-desk-'));
  cpSync(join(BUNDLE, 'files'), join(data, 'files'), { recursive: true });
  const writ = await start({ bundle, data, port: 0, gatewayPort: 0, limits: PATIENT });
  return {
    writ,
    data,
    files: join(data, 'files'),
    key: readFileSync(writ.keyFile, 'utf8').trim(),
    clientKey: (client) => readFileSync(writ.keyFileOf(client), 'utf8').trim(),
    rows(table) {
      const db = openSqlite(join(data, 'desk.db'), { readonly: true });
      try {
        return (db.prepare(`select count(*) as n from ${table}`).get() as { n: number }).n;
      } finally {
        db.close();
      }
    },
    async stop() {
      await writ.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
