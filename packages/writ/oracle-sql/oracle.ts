import pg from 'pg';
import { Catalogue } from '#writ/programs/sql/catalogue/catalogue.js';
import { CATALOGUE_QUERY } from '#writ/programs/sql/catalogue/query.js';
import { readCatalogueFile } from '#writ/programs/sql/catalogue/read-catalogue.js';
import type { SqlFacts, UnderstoodSql } from '#writ/programs/sql/facts.js';
import { readSql, type SqlOptions } from '#writ/programs/sql/read-sql.js';
import { DATABASE, DECLARED } from './database.js';

/** How the facts of a text agree with what PostgreSQL locked when it ran. */
export type Verdict =
  /** Everything that was touched is in the facts. */
  | 'held'
  | 'not understood'
  /** PostgreSQL refuses the text, so that nothing is known of it. */
  | 'error'
  /** Something was touched that the facts do not have. */
  | 'open';

export interface Outcome {
  readonly text: string;
  readonly verdict: Verdict;
  /** The locks that are missing in the facts, the error of PostgreSQL, or why the text is not understood. */
  readonly because: string;
}

const LOCKS = `select distinct mode, locktype, relation from pg_locks
  where pid = $1 and locktype in ('relation', 'advisory') and granted`;
/** Every relation, with indexes and TOAST tables as the tables that they belong to. */
const RELATIONS = `select c.oid, n.nspname as schema, r.relname as name
  from pg_class c left join pg_index i on i.indexrelid = c.oid
    left join pg_class t on t.reltoastrelid = coalesce(i.indrelid, c.oid) and t.reltoastrelid <> 0
    join pg_class r on r.oid = coalesce(t.oid, i.indrelid, c.oid)
    join pg_namespace n on n.oid = r.relnamespace`;
/** Those of a language are there when it is used first. */
const SETTINGS =
  "select md5(string_agg(name || '=' || coalesce(setting, ''), ',' order by name)) as all, current_user as who, current_setting('search_path') = $1 as path from pg_settings where name !~ '^plpgsql[.]|^search_path$'";
const PATH: readonly string[] = ['public'];
const pathText = (path: readonly string[]): string => path.join(', ');
const READING = new Set(['AccessShareLock', 'RowShareLock']);

interface Lock {
  readonly mode: string;
  readonly locktype: string;
  readonly schema: string | null;
  readonly name: string | null;
}

/** A database that says what statements touch. Each is run in a transaction of its own, and rolled back. */
export class Oracle {
  private readonly options = new Map<string, SqlOptions>();

  private constructor(
    private readonly runs: pg.Client,
    private readonly looks: pg.Client,
    private readonly pid: number,
    private readonly catalogue: Catalogue,
    private readonly settings: string,
    private readonly relations: ReadonlyMap<number, { readonly schema: string; readonly name: string }>,
  ) {}

  /** Makes the tables in an empty database. @param url of a superuser; the statements are run by a role to which policies apply */
  static async open(url: string): Promise<Oracle> {
    const [runs, looks] = [new pg.Client(url), new pg.Client(url)];
    // A server that ends says so to idle connections.
    for (const one of [runs, looks]) one.on('error', () => undefined);
    await Promise.all([runs.connect(), looks.connect()]);
    await looks.query(DATABASE);
    const { rows } = await looks.query<{ catalogue: string }>(CATALOGUE_QUERY);
    const catalogue = new Catalogue(readCatalogueFile(withDeclared(rows[0]?.catalogue ?? '')));
    await runs.query("set statement_timeout = '5s'; set search_path = public; set role oracle_agent");
    const pid = (await runs.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid ?? 0;
    const settings = JSON.stringify((await runs.query(SETTINGS, [pathText(PATH)])).rows);
    const all = await looks.query<{ oid: number; schema: string; name: string }>(RELATIONS);
    const relations = new Map(all.rows.map(({ oid, ...name }) => [oid, name]));
    return new Oracle(runs, looks, pid, catalogue, settings, relations);
  }

  async close(): Promise<void> {
    await Promise.all([this.runs.end(), this.looks.end()]);
  }

  facts(text: string, searchPath: readonly string[] = PATH): SqlFacts {
    const path = searchPath.join();
    const options = this.options.get(path) ?? { searchPath, catalogue: this.catalogue };
    this.options.set(path, options);
    return readSql(text, options);
  }

  /** Runs a text if it is understood, and compares. Nothing of one that is not understood is run. */
  async judge(text: string, searchPath: readonly string[] = PATH): Promise<Outcome> {
    const facts = this.facts(text, searchPath);
    if (!facts.understood) return { text, verdict: 'not understood', because: `${facts.reason}: ${facts.text}` };
    const { locks, error, changed } = await this.run(text, searchPath);
    if (error !== undefined) return { text, verdict: 'error', because: error };
    const missing = [...missingOf(facts, locks), ...(changed ? ['settings of the session'] : [])];
    return { text, verdict: missing.length === 0 ? 'held' : 'open', because: missing.join(', ') };
  }

  /** Returns what PostgreSQL locks for a text; nothing if it refuses it. */
  async locksOf(text: string): Promise<readonly Lock[]> {
    return (await this.run(text)).locks;
  }

  private async run(
    text: string,
    searchPath: readonly string[] = PATH,
  ): Promise<{ locks: readonly Lock[]; error?: string; changed: boolean }> {
    await this.runs.query('begin');
    try {
      if (searchPath !== PATH) await this.runs.query(`set local search_path = ${pathText(searchPath)}`);
      await this.runs.query(text);
      const held = await this.looks.query<{ mode: string; locktype: string; relation: number | null }>(LOCKS, [
        this.pid,
      ]);
      const locks = held.rows.map(({ relation, ...lock }) => ({
        ...lock,
        ...(this.relations.get(relation ?? 0) ?? { schema: null, name: relation === null ? null : String(relation) }),
      }));
      const changed = JSON.stringify((await this.runs.query(SETTINGS, [pathText(searchPath)])).rows) !== this.settings;
      return { locks, changed };
    } catch (error) {
      return { locks: [], changed: false, error: error instanceof Error ? error.message : String(error) };
    } finally {
      await this.runs.query('rollback');
    }
  }
}

function withDeclared(text: string): string {
  const file = JSON.parse(text) as { catalog: { functions: { proname: string; body: string }[] } };
  const declared = DECLARED.map((one) => {
    const body = file.catalog.functions.find(({ proname }) => proname === one.name)?.body;
    return { schema: 'public', ...one, body };
  });
  return JSON.stringify({ ...file, declared });
}

/** Returns the locks that the facts do not explain. */
export function missingOf(facts: UnderstoodSql, locks: readonly Lock[]): string[] {
  const is = (list: readonly { schema: string; name: string }[], { schema, name }: Lock): boolean =>
    list.some((one) => one.schema === schema && one.name === name);
  const isSystem = (schema: string | null): boolean => schema === 'pg_catalog' || schema === 'information_schema';
  const readsSystem = facts.reads.some(({ schema }) => isSystem(schema));
  return locks
    .filter((lock) => {
      if (lock.locktype === 'advisory') return true;
      // The relations behind a view of PostgreSQL are of PostgreSQL.
      if (isSystem(lock.schema) && lock.mode === 'AccessShareLock' && readsSystem) return false;
      if (!READING.has(lock.mode)) return !is(facts.writes, lock);
      if (lock.mode === 'RowShareLock') return !is(facts.locks, lock) && !is(facts.writes, lock);
      return !is(facts.reads, lock) && !is(facts.writes, lock) && !is(facts.locks, lock);
    })
    .map(({ mode, schema, name }) => `${mode} ${schema}.${name}`);
}
