import { beforeAll, describe, expect, it, test } from 'vitest';
import type { SqlFacts } from './facts.js';
import { loadSqlParser } from './parser.js';
import { readSql } from './read-sql.js';

const OPTIONS = { searchPath: ['shop'] };
const read = (text: string): SqlFacts => readSql(text, OPTIONS);

beforeAll(loadSqlParser);

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
const EVERYDAY = [
  'SELECT * FROM customers LIMIT 10;',
  "SELECT COUNT(*) FROM orders WHERE status = 'pending'",
  "SELECT c.name, SUM(o.total) AS revenue FROM customers c JOIN orders o ON o.customer_id = c.id WHERE o.created_at >= NOW() - INTERVAL '30 days' GROUP BY c.name ORDER BY revenue DESC LIMIT 10",
  "SELECT DATE_TRUNC('month', created_at) AS month, COUNT(*) AS n, AVG(total)::numeric(10,2) FROM orders GROUP BY 1 ORDER BY 1",
  "INSERT INTO tickets (customer_id, subject, status) VALUES (17, 'Broken', 'open') RETURNING id",
  "UPDATE tickets SET status = 'closed', closed_at = CURRENT_TIMESTAMP WHERE id = 42",
  "DELETE FROM carts WHERE updated_at < now() - interval '90 days'",
  "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, ordinal_position",
  "WITH monthly AS (SELECT date_trunc('month', placed) AS m, sum(total) AS s FROM orders GROUP BY 1) SELECT m, s, s - LAG(s) OVER (ORDER BY m) AS change FROM monthly",
  "SELECT id, email FROM users WHERE email ILIKE '%@example.com' AND deleted_at IS NULL",
  'SELECT p.name, COALESCE(SUM(i.qty), 0) FROM products p LEFT JOIN items i ON i.product_id = p.id GROUP BY p.id, p.name HAVING COALESCE(SUM(i.qty), 0) < 5',
  'SELECT EXISTS (SELECT 1 FROM users WHERE id = 5)',
  "SELECT data->>'city' AS city, count(*) FROM profiles WHERE data @> '{\"active\": true}' GROUP BY 1",
  "INSERT INTO settings (key, value) VALUES ('a', 'b') ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, updated_at = now()",
  'SELECT *, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY placed DESC) AS rn FROM orders',
  "SELECT CASE WHEN age < 18 THEN 'minor' WHEN age < 65 THEN 'adult' ELSE 'senior' END AS band, count(*) FROM people GROUP BY band",
  'SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_ms) FROM requests WHERE at::date = CURRENT_DATE - 1',
  "SELECT string_agg(DISTINCT tag, ', ' ORDER BY tag) FROM posts, unnest(tags) AS tag",
  'SELECT a.id FROM accounts a WHERE NOT EXISTS (SELECT 1 FROM invoices i WHERE i.account_id = a.id AND NOT i.paid)',
  "SELECT d::date, count(o.id) FROM generate_series('2026-01-01'::date, '2026-01-31', '1 day') d LEFT JOIN orders o ON o.placed = d::date GROUP BY 1",
  'UPDATE products p SET stock = stock - i.qty FROM items i WHERE i.product_id = p.id AND i.order_id = $1',
  "SELECT id, title FROM articles WHERE to_tsvector('english', title || ' ' || body) @@ plainto_tsquery('english', $1) ORDER BY id OFFSET 20 LIMIT 20",
  'SELECT round(100.0 * count(*) FILTER (WHERE converted) / NULLIF(count(*), 0), 2) AS pct FROM visits',
  'WITH RECURSIVE tree AS (SELECT id, parent_id, 1 AS depth FROM categories WHERE parent_id IS NULL UNION ALL SELECT c.id, c.parent_id, t.depth + 1 FROM categories c JOIN tree t ON t.id = c.parent_id) SELECT * FROM tree',
  'DELETE FROM sessions s USING users u WHERE u.id = s.user_id AND u.disabled RETURNING s.id',
  "SELECT jsonb_build_object('id', id, 'name', name) FROM customers WHERE id = ANY($1::int[])",
  'SELECT extract(epoch FROM age(closed_at, opened_at)) / 3600 AS hours FROM tickets WHERE closed_at IS NOT NULL',
  'SELECT email, count(*) FROM users GROUP BY email HAVING count(*) > 1',
  'MERGE INTO stock s USING deliveries d ON s.sku = d.sku WHEN MATCHED THEN UPDATE SET qty = s.qty + d.qty WHEN NOT MATCHED THEN INSERT (sku, qty) VALUES (d.sku, d.qty)',
  'SELECT relname, n_live_tup FROM pg_stat_user_tables ORDER BY n_live_tup DESC',
];

it('understands everyday statements', () => {
  expect(EVERYDAY).toHaveLength(30);
  const lost = EVERYDAY.map(read).flatMap((facts) => (facts.understood ? [] : [facts.text]));
  expect(lost).toEqual([]);
});

it('knows a text that it has read', () => {
  expect(read('select 1 from known')).toBe(read('select 1 from known'));
  expect(read('select 1 from known')).not.toBe(readSql('select 1 from known', { searchPath: ['shop'] }));
});
