import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, test, vi } from 'vitest';
import { importCatalogue } from '#writ/cli/import-catalogue.js';
import { Catalogue } from '#writ/programs/sql/catalogue/catalogue.js';
import { catalogueText } from '#writ/programs/sql/catalogue/catalogue-text.js';
import { CATALOGUE_QUERY } from '#writ/programs/sql/catalogue/query.js';
import { readCatalogueFile } from '#writ/programs/sql/catalogue/read-catalogue.js';
import { HARMLESS_FUNCTIONS } from '#writ/programs/sql/known/functions.js';
import { KNOWN_OPERATORS, KNOWN_TYPES, SYSTEM_RELATIONS } from '#writ/programs/sql/known/names.js';
import { loadSqlParser } from '#writ/programs/sql/parser.js';
import { readSql } from '#writ/programs/sql/read-sql.js';
import { EVASIONS } from '../oracle-sql/evasions.js';
import { missingOf, Oracle } from '../oracle-sql/oracle.js';
import { ROWS } from '../oracle-sql/rows.js';
import { run, tally } from '../oracle-sql/run.js';
import { type PostgresServer, startPostgres } from './postgres.js';

/** Facts of SQL against the locks of PostgreSQL. `npm run oracle-sql -w writ -- --count N` generates more. */

let server: PostgresServer;
let oracle: Oracle;
let client: pg.Client;

beforeAll(async () => {
  loadSqlParser();
  server = await startPostgres();
  const url = await server.database();
  oracle = await Oracle.open(url);
  client = new pg.Client(url);
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await oracle.close();
  await server.stop();
});

it('every written text is as PostgreSQL has it, or is not understood', async () => {
  expect(ROWS.length).toBeGreaterThanOrEqual(150);
  expect(EVASIONS.length).toBeGreaterThanOrEqual(100);
  const wrong: string[] = [];
  for (const { trap, text, never, path } of [...ROWS, ...EVASIONS]) {
    const { verdict, because } = await oracle.judge(text, path);
    if (verdict !== (never ? 'not understood' : 'held')) wrong.push(`${trap}: ${text}: ${verdict}: ${because}`);
  }
  expect(wrong).toEqual([]);
});

it('of generated texts none touches more than is read, and most are understood', async () => {
  const lines = await run(oracle, { seed: 11, count: 150 });
  const { held, open, error } = tally(lines);
  expect(lines.filter(({ verdict }) => verdict === 'open')).toEqual([]);
  expect(held + error).toBeGreaterThanOrEqual(0.6 * lines.length);
  // An error of PostgreSQL shows nothing.
  expect(error).toBeLessThan(0.2 * (held + open + error));
});

it('the oracle sees what facts lack', async () => {
  // Without a catalogue, what stands behind names is not in the facts.
  const behind = ROWS.filter(({ trap, never }) => trap.startsWith('behind a name') && !never);
  const seen: string[] = [];
  for (const { text } of behind) {
    const facts = readSql(text, { searchPath: ['public'] });
    if (facts.understood && missingOf(facts, await oracle.locksOf(text)).length > 0) seen.push(text);
  }
  expect(seen.length).toBeGreaterThan(behind.length / 2);
});

it('the query gives the same to a role that may do nothing but connect', async () => {
  await client.query('create role oracle_reader; grant usage on schema public to oracle_reader');
  try {
    const all = await client.query<{ catalogue: string }>(CATALOGUE_QUERY);
    await client.query('set role oracle_reader');
    const own = await client.query<{ catalogue: string }>(CATALOGUE_QUERY);
    expect(own.rows).toEqual(all.rows);
  } finally {
    await client.query('reset role; drop owned by oracle_reader; drop role oracle_reader');
  }
});

it('an import keeps what is declared of a function, until its body is another', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-catalogue-'));
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const [answer, to] = [join(folder, 'answer.json'), join(folder, 'catalogues/shop.json')];
  const store = async (): Promise<ReturnType<typeof readCatalogueFile>> => {
    const { rows } = await client.query<{ catalogue: string }>(CATALOGUE_QUERY);
    writeFileSync(answer, rows[0]?.catalogue ?? '');
    expect(importCatalogue(answer, { postgresCatalog: true, to, json: true })).toBe(0);
    return readCatalogueFile(readFileSync(to, 'utf8'));
  };
  const first = await store();
  const peek = first.catalog.functions.find(({ proname }) => proname === 'hide');
  const declared = [{ schema: 'public', name: 'hide', body: peek?.body ?? '', reads: [], writes: [] }];
  writeFileSync(to, catalogueText({ ...first, declared }));
  const catalogue = new Catalogue(readCatalogueFile(readFileSync(to, 'utf8')));
  expect(readSql('insert into sneaky values (1)', { searchPath: ['public'], catalogue })).toMatchObject({
    functions: ['public.hide'],
  });
  const { declared: kept, ...second } = await store();
  expect(kept).toEqual(declared);
  expect(second.catalog).toEqual(first.catalog);
  await client.query("create or replace function hide() returns trigger language plpgsql as 'begin return new; end'");
  expect((await store()).declared).toEqual([]);
  printed.mockRestore();
  rmSync(folder, { recursive: true });
});

const listed = async (query: string): Promise<string[]> =>
  (await client.query<{ name: string }>(query)).rows.map(({ name }) => name);

test('every function of the list is one of PostgreSQL that takes and gives values alone', async () => {
  const functions = await client.query<{ name: string; kind: string; language: string; sees: string | null }>(
    `select p.proname as name, p.prokind as kind, l.lanname as language,
      (select string_agg(t::regtype::text, ' ') from unnest(p.proargtypes::oid[] || p.prorettype) t
        where t::regtype::text in ('internal', 'refcursor', 'regclass', 'trigger', 'regproc', 'regprocedure')) as sees
     from pg_proc p join pg_language l on l.oid = p.prolang where p.pronamespace = 'pg_catalog'::regnamespace`,
  );
  const known = functions.rows.filter(({ name }) => HARMLESS_FUNCTIONS.has(name));
  expect(new Set(known.map(({ name }) => name))).toEqual(HARMLESS_FUNCTIONS);
  expect(
    known.filter(({ kind, language, sees }) => kind === 'p' || !['internal', 'sql'].includes(language) || sees),
  ).toEqual([]);
});

test('the volatile functions of the list are those of clocks and of random numbers', async () => {
  const volatile = await listed(
    "select distinct proname as name from pg_proc where pronamespace = 'pg_catalog'::regnamespace and provolatile = 'v' order by 1",
  );
  expect(volatile.filter((name) => HARMLESS_FUNCTIONS.has(name))).toEqual([
    ...['array_sample', 'array_shuffle', 'clock_timestamp', 'gen_random_uuid', 'random', 'random_normal', 'timeofday'],
    ...['uuidv4', 'uuidv7'],
  ]);
});

test('the other lists have what PostgreSQL has', async () => {
  const own = "'pg_catalog'::regnamespace";
  expect(new Set(await listed(`select distinct oprname as name from pg_operator where oprnamespace = ${own}`))).toEqual(
    KNOWN_OPERATORS,
  );
  const relations = await listed(
    `select relname as name from pg_class where relnamespace = ${own} and relkind in ('r', 'v')`,
  );
  // A version with more has relations that are not understood.
  const unlisted = ['pg_file_settings', 'pg_hba_file_rules', 'pg_ident_file_mappings'];
  expect(relations.filter((name) => !SYSTEM_RELATIONS.has(name)).sort()).toEqual(unlisted);
  const types = new Set(await listed(`select typname as name from pg_type where typnamespace = ${own}`));
  expect([...KNOWN_TYPES].filter((name) => !types.has(name))).toEqual([]);
});
