import { beforeAll, describe, expect, it, test } from 'vitest';
import { EVERYDAY } from '../../../oracle-sql/everyday.js';
import type { SqlFacts } from './facts.js';
import { loadSqlParser } from './parser.js';
import { readSql } from './read-sql.js';

const OPTIONS = { searchPath: ['shop'] };
const read = (text: string): SqlFacts => readSql(text, OPTIONS);

beforeAll(() => void loadSqlParser());

/** Returns what a text reads and writes, as `schema.name(columns)`. */
function touched(text: string): { reads: string[]; writes: string[] } {
  const facts = read(text);
  if (!facts.understood) throw new Error(facts.text);
  const shown = ({ schema, name, columns }: { schema: string; name: string; columns: readonly string[] }): string =>
    `${schema}.${name}(${columns.join(' ')})`;
  return {
    reads: facts.reads.map(shown),
    writes: facts.writes.map((one) => `${shown(one)} ${one.kinds.join(' ')}`.trimEnd()),
  };
}

describe('facts of a text', () => {
  it('has the statement, its relations, columns, functions and limit', () => {
    expect(read('select name, lower(email) from customers c where c.id = 1 limit 10')).toEqual({
      ...{
        language: 'sql',
        understood: true,
        kind: 'select',
        kinds: ['select'],
        writes: [],
        locks: [],
        returning: false,
      },
      reads: [{ schema: 'shop', name: 'customers', columns: ['email', 'id', 'name'] }],
      functions: ['pg_catalog.lower'],
      limit: 10,
    });
  });

  test.each<[string, string[], string[]]>([
    ['select * from t', ['shop.t(*)'], []],
    ['select count(*) from t', ['shop.t()'], []],
    ['select t from t', ['shop.t(* t)'], []],
    ['select a.x, b.y from t a, u b', ['shop.t(x)', 'shop.u(y)'], []],
    ['select x from t, u', ['shop.t(x)', 'shop.u(x)'], []],
    ['select a.* from t a join u using (id)', ['shop.t(* id)', 'shop.u(id)'], []],
    ['select * from t natural join u', ['shop.t(*)', 'shop.u(*)'], []],
    ['select p from t as a(p, q)', ['shop.t(*)'], []],
    ['select sum(x) as n from t order by n', ['shop.t(x)'], []],
    ['select n from (select sum(x) as n from t) s', ['shop.t(x)'], []],
    ['select (t).x from t', ['shop.t(* t)'], []],
    ['insert into t (a, b) values (1, 2)', [], ['shop.t(a b) insert']],
    ['insert into t select x from u', ['shop.u(x)'], ['shop.t(*) insert']],
    [
      'insert into t (a) values (1) on conflict (a) do update set b = excluded.c',
      ['shop.t(a c)'],
      ['shop.t(a b) insert update'],
    ],
    ['update t set a = 1', [], ['shop.t(a) update']],
    ['update t set a = b where c returning d', ['shop.t(b c d)'], ['shop.t(a) update']],
    ['update t set a = 1 returning with (old as o) o.x', ['shop.t(x)'], ['shop.t(a) update']],
    ['delete from t using u where t.id = u.id', ['shop.t(id)', 'shop.u(id)'], ['shop.t() delete']],
    ['with u as (select 1 as x) select * from u, shop.u as v', ['shop.u(*)'], []],
    ['with t as (select x from t) select * from t', ['shop.t(x)'], []],
    ['with recursive t as (select 1 as x union select x + 1 from t) select x from t', [], []],
    ['with d as (delete from t returning a) select * from d', ['shop.t(a)'], ['shop.t() delete']],
    ['select 1 from "T" where exists (select 1 from u where u.z = "T".y)', ['shop.T(y)', 'shop.u(z)'], []],
    [
      'select * from pg_class, information_schema.tables',
      ['information_schema.tables(*)', 'pg_catalog.pg_class(*)'],
      [],
    ],
    ['table other.x', ['other.x(*)'], []],
    ['select a from t union select b from u order by 1', ['shop.t(a)', 'shop.u(b)'], []],
  ])('%s', (text, reads, writes) => {
    expect(touched(text)).toEqual({ reads, writes });
  });

  it('says which rows stay locked, and every kind of statement within a text', () => {
    expect(read('with w as (insert into t values (1)) select * from u for update')).toMatchObject({
      kind: 'select',
      kinds: ['insert', 'select'],
      locks: [{ schema: 'shop', name: 'u' }],
    });
    expect(read('merge into t using u on t.a = u.a when matched then delete')).toMatchObject({
      kind: 'merge',
      kinds: ['delete', 'merge'],
    });
    expect(read('insert into t values (1)')).toMatchObject({ kinds: ['insert'] });
  });

  it('says the limit only if it is one', () => {
    const limits = [
      'limit 0',
      'limit 5 offset 2',
      'limit 1 + 1',
      'limit all',
      'order by a fetch first 2 rows with ties',
    ];
    expect(
      limits.map((limit) => read(`select a from t ${limit}`)).map((facts) => facts.understood && facts.limit),
    ).toEqual([...[0, 5, undefined, undefined, undefined]]);
  });

  it('cannot say which schema is meant by a name if several are searched', () => {
    const options = { searchPath: ['a', 'b'] };
    expect(readSql('select * from t', options)).toMatchObject({ understood: false, reason: 'relation' });
    expect(readSql('select * from b.t', options)).toMatchObject({ understood: true });
    for (const path of [['$user'], ['pg_temp', 'a'], ['a', 'pg_catalog'], ['']])
      expect(readSql('select 1', { searchPath: path })).toMatchObject({ reason: 'search-path' });
    expect(readSql('select * from t', { searchPath: ['pg_catalog', 'a'] })).toMatchObject({ reads: [{ schema: 'a' }] });
  });
});

/** Reports and changes as agents write them; by an author who had not read the reader. */
it('understands everyday statements', () => {
  expect(EVERYDAY).toHaveLength(30);
  const lost = EVERYDAY.map(read).flatMap((facts) => (facts.understood ? [] : [facts.text]));
  expect(lost).toEqual([]);
});

it('knows a text that it has read', () => {
  expect(read('select 1 from known')).toBe(read('select 1 from known'));
  expect(read('select 1 from known')).not.toBe(readSql('select 1 from known', { searchPath: ['shop'] }));
});
