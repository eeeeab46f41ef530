import type { Random } from '../kills/random.js';

const FUNCTIONS = [
  ...[
    'peek()',
    'public.peek(1)',
    'pg_sleep(0)',
    "nextval('counter')",
    "setval('counter', 5)",
    "set_config('a.b', 'c', true)",
  ],
  ...[
    "pg_read_file('/etc/hosts')",
    "query_to_xml('select 1', true, false, '')",
    'pg_advisory_lock(1)',
    'txid_current()',
  ],
  ...[
    "lo_from_bytea(0, 'x')",
    "pg_notify('a', 'b')",
    'stamped(1)',
    "pg_relation_size('t')",
    'pg_backend_pid()',
    'lastval()',
  ],
];
const STATEMENTS = [
  ...[
    'begin',
    'commit',
    'set role postgres',
    "set search_path = 'other'",
    'reset all',
    'show all',
    'create table n (a int)',
  ],
  ...[
    'drop table t',
    'alter table t add column n int',
    'truncate u',
    'analyze t',
    'vacuum',
    'lock table t',
    'discard all',
  ],
  ...[
    'do $$ begin perform 1; end $$',
    'prepare p as select 1',
    'execute p',
    'deallocate all',
    'listen c',
    'explain select 1',
  ],
  ...[
    'explain analyze delete from t',
    "copy t to '/tmp/x'",
    'create view n as select 1',
    'refresh materialized view m_sales',
  ],
  ...['declare c cursor for select 1', 'grant select on t to public', 'create index on t (a)', 'select 1 into n'],
];

/** Texts that are never understood, or only by chance. */
export const NOISE: readonly ((random: Random) => string)[] = [
  (random) => STATEMENTS[random.pick(STATEMENTS.length)] as string,
  (random) => STATEMENTS[random.pick(STATEMENTS.length)] as string,
  (random) => `select ${FUNCTIONS[random.pick(FUNCTIONS.length)]}, a from t`,
  (random) => `select a from t where ${FUNCTIONS[random.pick(FUNCTIONS.length)]} is not null`,
  (random) => `with w as (select ${FUNCTIONS[random.pick(FUNCTIONS.length)]}) select * from w, u`,
  (random) => `select 1; ${STATEMENTS[random.pick(STATEMENTS.length)]}`,
  () => 'select c.fullname, c.id from customers c',
  () => 'select x <-> y from t x, t y',
  () => 'select * from missing',
];
