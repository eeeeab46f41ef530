import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { LoadLimits } from '../src/api/http/load.js';
import { recordShape } from '../src/record/entries.js';
import { start } from '../src/serve/start.js';
import type { RunningService, StartOptions } from '../src/serve/start-options.js';
import { STORE_FILE } from '../src/store/files.js';
import { startPostgres } from './postgres.js';

export const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url));

/** A service on a folder of its own: real store, real HTTP. */
export interface Running {
  readonly writ: RunningService;
  readonly url: string;
  readonly data: string;
  /** Where its store is: a file, or a database. */
  readonly store: string;
  /** The key of a caller. */
  key(name?: string): string;
  /** Sends JSON as a caller; `null` sends no credential. */
  send(method: string, path: string, body?: unknown, options?: SendOptions): Promise<Reply>;
  stop(): Promise<void>;
}

export interface SendOptions {
  readonly as?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

/**
 * Limits that a busy machine does not reach: by default a service turns requests away after 60 ms of wall-clock time, which
 * other test files use up as well. Load shedding has its own tests, in states.test.ts.
 */
export const PATIENT: Partial<LoadLimits> = { turnMs: 60_000, diskMs: 60_000 };

/** `default` as an enforcement point that speaks for anybody: tests send whatever they ask about as it. */
const OPEN = { default: { roles: ['enforcement-point'], obligations: [], detail: 'none' as const } };

export async function run(bundle: string, options: Partial<StartOptions> = {}): Promise<Running> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'writ-running-'));
  const store = options.store ?? (await storeOf(data));
  const limits = { ...PATIENT, ...options.limits };
  const writ = await start({ bundle, data, port: 0, gatewayPort: 0, callers: OPEN, ...options, limits, store });
  const key = (name = 'default'): string => readFileSync(writ.keyFileOf(name), 'utf8').trim();
  return {
    writ,
    url: writ.serviceUrl,
    data,
    store: store ?? join(data, STORE_FILE),
    key,
    async send(method, path, body, { as = 'default', headers = {} } = {}) {
      const response = await fetch(writ.serviceUrl + path, {
        method,
        headers: {
          ...(as === null ? {} : { Authorization: `Bearer ${key(as)}` }),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: parsed(text) };
    },
    async stop() {
      await assertRecords(writ);
      await writ.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

const MOST_CHECKED = 2_000;

/** Whatever a test made a service record has the form that is published. */
async function assertRecords(writ: RunningService): Promise<void> {
  const read = await writ.records.read({ seq: 0, index: -1 }, MOST_CHECKED).catch(() => []);
  for (const { entry } of read) {
    // What a store from before had in it has no version.
    if (entry.kind === 'erased' || !('v' in entry)) continue;
    const { error } = recordShape.safeParse(entry);
    if (error !== undefined) throw new Error(`no record: ${z.prettifyError(error)}\n${JSON.stringify(entry)}`);
  }
}

/** With WRIT_TEST_POSTGRES, every service of these tests is on a database of that server: one for each data folder. */
async function storeOf(data: string): Promise<string | undefined> {
  if (process.env.WRIT_TEST_POSTGRES === undefined) return undefined;
  let known = databases.get(data);
  if (known === undefined) {
    known = await (await startPostgres()).database();
    databases.set(data, known);
  }
  return known;
}

const databases = new Map<string, string>();

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A bundle made of these files, in a folder of its own. */
export function bundleOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'writ-bundle-'));
  writeBundle(folder, files);
  return folder;
}

export function writeBundle(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
