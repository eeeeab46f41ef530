import type { Random } from '../kills/random.js';
import { expression, truth } from './generate-expressions.js';
import { NOISE } from './noise.js';
import { aliasOf, TABLES, type Table, VIEWS, WRITABLE } from './tables.js';

/** Statements as agents, people and attackers write them, over the whole database of the oracle. */

/** Returns a text that is the same for the same random numbers. */
export function generate(random: Random): string {
  const kind = random.pick(100);
  if (kind < 44) return select(random, 3);
  if (kind < 54) return insert(random);
  if (kind < 64) return update(random);
  if (kind < 70) return remove(random);
  if (kind < 73) return merge(random);
  if (kind < 82) return withExpressions(random);
  if (kind < 85) return `${select(random, 1)} for ${one(random, ['update', 'share', 'no key update', 'key share'])}`;
  if (kind < 88) return system(random);
  return one(random, NOISE)(random);
}

export function one<T>(random: Random, list: readonly T[]): T {
  return list[random.pick(list.length)] as T;
}

function some<T>(random: Random, list: readonly T[], most: number): T[] {
  const count = 1 + random.pick(most);
  return Array.from({ length: count }, () => one(random, list));
}

/** Something to select from, with the columns that it has under its alias. */
interface Source {
  readonly text: string;
  readonly columns: readonly string[];
}

function tableSource(random: Random, alias: string): Source {
  const table = one(random, random.chance(0.2) ? VIEWS : TABLES);
  const only = table.hasChildren === true && random.chance(0.3) ? 'only ' : '';
  const sample = table.isView !== true && random.chance(0.03) ? ' tablesample system (50)' : '';
  return { text: `${only}${table.name} as ${alias}${sample}`, columns: columnsUnder(alias, table) };
}

function columnsUnder(alias: string, { columns }: Table): string[] {
  return columns.map((column) => `${alias}.${column}`);
}

function source(random: Random, depth: number, alias: string): Source {
  const kind = random.pick(20);
  if (depth > 0 && kind < 2)
    return { text: `(select ${alias}i.* from ${tableSource(random, `${alias}i`).text}) as ${alias}`, columns: [] };
  if (depth > 0 && kind === 2) {
    const { text, columns } = tableSource(random, `${alias}i`);
    return {
      text: `(select ${one(random, columns)} as q, count(*) as n from ${text} group by 1) as ${alias}`,
      columns: [`${alias}.n`],
    };
  }
  if (kind === 3) return { text: `generate_series(1, ${1 + random.pick(3)}) as ${alias}(n)`, columns: [`${alias}.n`] };
  if (kind === 4)
    return { text: `(values (1, 'a'), (2, 'b')) as ${alias}(n, w)`, columns: [`${alias}.n`, `${alias}.w`] };
  if (kind === 5) return { text: `json_to_recordset('[{"n": 1}]') as ${alias}(n int)`, columns: [`${alias}.n`] };
  return tableSource(random, alias);
}

/** Returns FROM and the columns that it gives. */
function from(random: Random, depth: number): Source {
  const first = source(random, depth, aliasOf(depth, 0));
  const columns = [...first.columns];
  let text = first.text;
  const joins = random.pick(3);
  for (let i = 1; i <= joins; i += 1) {
    const next = source(random, depth, aliasOf(depth, i));
    columns.push(...next.columns);
    const how = random.pick(5);
    if (how === 0) text += `, ${next.text}`;
    else if (how === 1) text += ` cross join ${next.text}`;
    else
      text += ` ${one(random, ['join', 'left join', 'full join', 'right join'])} ${next.text} on ${joinCondition(random, columns)}`;
  }
  return { text, columns };
}

function joinCondition(random: Random, columns: readonly string[]): string {
  if (columns.length === 0) return 'true';
  return random.chance(0.5) ? 'true' : `${one(random, columns)}::text = ${one(random, columns)}::text`;
}

/** @param outer the columns of outer queries */
export function select(random: Random, depth: number, outer: readonly string[] = []): string {
  const inner = (columns: readonly string[]): string =>
    depth > 0
      ? `(select ${one(random, ['max', 'min', 'count'])}(1) from ${from(random, 0).text} where ${truth(random, columns, () => '(select 1)')})`
      : '(select 1)';
  const { text, columns } = from(random, depth);
  const all = [...columns, ...outer];
  const value = (): string => expression(random, all, () => inner(all));
  const where = random.chance(0.6) ? ` where ${truth(random, all, () => inner(all))}` : '';
  if (columns.length > 0 && random.chance(0.25)) {
    const by = one(random, columns);
    const having = random.chance(0.3) ? ` having count(*) > ${random.chance(0.3) ? inner([]) : '0'}` : '';
    return `select ${by} as g, count(*) as n, max(${one(random, columns)}::text) filter (where ${truth(random, columns, () => inner([]))}) from ${text}${where} group by ${groupBy(random, by)}${having}${tail(random, 'n')}`;
  }
  const targets = random.chance(0.2) ? '*' : some(random, [0], 3).map(value).join(', ');
  const distinct = random.chance(0.08) ? 'distinct ' : '';
  const first = `select ${distinct}${targets === '*' ? '*' : `${targets} as z`} from ${text}${where}`;
  if (depth > 1 && random.chance(0.12))
    return `select ${expression(random, columns, () => inner([]))}::text as x from ${text}${where} ${one(random, ['union', 'union all', 'except', 'intersect'])} select 'x' from ${from(random, 0).text}${tail(random, 'x')}`;
  if (random.chance(0.1) && columns.length > 0)
    return `select ${one(random, ['row_number()', 'rank()', `count(*)`, `max(${one(random, columns)}::text)`])} over (partition by ${one(random, columns)}::text order by ${value()}::text) from ${text}${where}`;
  return `${first}${random.chance(0.4) ? tail(random, targets === '*' || distinct !== '' ? '1' : 'z') : ''}`;
}

function groupBy(random: Random, by: string): string {
  return one(random, [by, '1', `rollup (${by})`, `grouping sets ((${by}), ())`]);
}

function tail(random: Random, by: string): string {
  const order = by === '1' ? '' : ` order by ${by}${one(random, ['', ' desc', ' nulls last'])}`;
  return `${order}${one(random, ['', ` limit ${1 + random.pick(20)}`, ' limit 5 offset 1', ' limit (select count(*) from u)'])}`;
}

function returning(random: Random, columns: readonly string[]): string {
  return one(random, [
    '',
    '',
    ' returning *',
    ` returning ${one(random, columns)}`,
    ' returning (select max(a) from u)',
  ]);
}

function insert(random: Random): string {
  const { name, columns, row } = one(random, WRITABLE);
  const list = `(${columns.join(', ')})`;
  const conflict = random.chance(0.2) ? ' on conflict do nothing' : '';
  const kind = random.pick(10);
  if (kind === 0)
    return `insert into ${name} ${list} select ${row(random).join(', ')} from ${from(random, 1).text} limit 1${conflict}`;
  if (kind === 1)
    return `insert into t2 (id, x) values (${random.pick(9)}, 1) on conflict (id) do update set x = excluded.x + (select count(*) from ${from(random, 0).text}) where ${one(random, ['t2.x > 0', 'true', 'excluded.x is not null'])}${returning(random, ['t2.id'])}`;
  const rows = some(random, [0], 2).map(() => `(${row(random).join(', ')})`);
  return `insert into ${name} ${list} values ${rows.join(', ')}${conflict}${returning(random, columns)}`;
}

function update(random: Random): string {
  const { name, columns, row, sets } = one(random, WRITABLE);
  const values = row(random);
  const column = sets === undefined ? random.pick(columns.length) : columns.indexOf(one(random, sets));
  const using = random.chance(0.25) ? ` from ${from(random, 1).text}` : '';
  const where = random.chance(0.7)
    ? ` where ${truth(random, [`tg.${columns[0]}`], () => `(select count(*) from ${from(random, 0).text})`)}`
    : '';
  return `update ${name} as tg set ${columns[column]} = ${values[column]}${using}${where}${returning(random, [`tg.${columns[0]}`])}`;
}

function remove(random: Random): string {
  const { name, columns } = one(random, WRITABLE);
  const using = random.chance(0.3) ? ` using ${from(random, 1).text}` : '';
  return `delete from ${name} as tg${using} where ${truth(random, [`tg.${columns[0]}`], () => `(select count(*) from ${from(random, 0).text})`)}${returning(random, [`tg.${columns[0]}`])}`;
}

function merge(random: Random): string {
  const { name, columns, row } = one(random, WRITABLE);
  const values = row(random);
  const whens = some(
    random,
    [
      ` when matched then update set ${columns[columns.length - 1]} = ${values[columns.length - 1]}`,
      ' when matched and tg.ctid is null then delete',
      ` when not matched and s.n > 5 then insert (${columns.join(', ')}) values (${values.join(', ')})`,
      ' when not matched by source and false then delete',
    ],
    2,
  );
  return `merge into ${name} as tg using (select count(*) as n from ${from(random, 1).text}) s on s.n = 3${whens.join('')}`;
}

function withExpressions(random: Random): string {
  const names = ['t', 'x1', 'u'];
  const count = 1 + random.pick(2);
  const expressions = Array.from({ length: count }, (_, i) => {
    const query = one(random, [
      () => `select ${one(random, ['1', 'count(*)'])} as k from ${from(random, 1).text}`,
      () => `select a as k from ${names[i]}`,
      () => `update t set b = 1 where a = ${random.pick(5)} returning a as k`,
      () => `delete from u where a = ${random.pick(5)} returning a as k`,
      () => 'insert into accounts values (50, 1) on conflict do nothing returning id as k',
    ]);
    return `${names[i]} as ${one(random, ['', '', 'materialized '])}(${query()})`;
  });
  const shown = names[random.pick(count)];
  const body = one(random, [
    () => `select k from ${shown}`,
    () => `select * from ${shown} as q, ${from(random, 1).text} limit 3`,
    () => `insert into t (a) select count(*) from ${shown}`,
    () => `select count(*) from public.t where exists (select 1 from ${shown} where k > 1)`,
    () => `update t2 set x = 1 from ${shown} as q where t2.id = q.k`,
  ]);
  const recursive = random.chance(0.15);
  if (recursive)
    return `with recursive r(n) as (select 1 union all select n + 1 from r where n < 3), ${expressions.slice(0, 1).join(', ').replace('select a as k from t)', 'select 1 as k)')} select * from r, ${from(random, 1).text}`;
  return `with ${expressions.join(', ')} ${body()}`;
}

function system(random: Random): string {
  return one(random, [
    "select table_schema, table_name from information_schema.tables where table_schema not in ('pg_catalog')",
    "select column_name, data_type, is_nullable from information_schema.columns where table_name = 'orders' order by ordinal_position",
    'select relname, n_live_tup from pg_stat_user_tables order by n_live_tup desc limit 5',
    "select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid where c.relkind = 'r' limit 10",
    "select tablename, indexname from pg_indexes where schemaname = 'public'",
    "select name, setting from pg_settings where name like 'work%'",
    "select conname from pg_constraint where conrelid = 'orders'::regclass",
    'select typname, format_type(oid, null) from pg_catalog.pg_type limit 3',
    'select rolname from pg_roles',
    'select * from pg_stat_activity limit 1',
  ]);
}
