/**
 * A database with every way in which a statement touches what its text does not name. `hidden` and `secrets` are named by no honest
 * row; functions and triggers reach them.
 */
export const DATABASE = `
create type mood as enum ('sad', 'ok', 'happy');
create domain positive as int check (value > 0);
create table secrets (id int primary key, value text);
create table hidden (id int, note text);
create table audit_log (at timestamptz default now(), what text);
create table customers (id serial primary key, name text not null, email text, feeling mood default 'ok', tenant text,
  created timestamptz default now());
create table products (id int primary key, name text, price numeric(10, 2) check (price >= 0), tags text[], data jsonb);
create table orders (id int generated always as identity primary key, customer_id int references customers on delete cascade,
  placed date default current_date, total numeric default 0, note text, doubled numeric generated always as (total * 2) stored);
create table items (order_id int references orders on delete cascade, product_id int references products on update cascade,
  qty positive default 1, primary key (order_id, product_id));
create table t (a int, b int, c text);
create table u (a int, b int, d text);
create table "T" (a int, "B c" text);
create table "sélect" (a int);
create table t2 (id int primary key, parent int references t2 on delete set null, x int default 7);
create schema other;
create table other.t (a int, z int);
create table other.only_here (a int, b int);

create table events (at date not null, kind text not null, n int) partition by range (at);
create table events_2025 partition of events for values from ('2025-01-01') to ('2026-01-01');
create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01') partition by list (kind);
create table events_2026_a partition of events_2026 for values in ('a');
create table events_2026_b partition of events_2026 default;
create table animals (name text, age int);
create table dogs (breed text) inherits (animals);
create table puppies () inherits (dogs);

create view v_customers as select id, name, email from customers where tenant = 'a';
create view v_orders with (security_invoker = true) as
  select o.id, o.total, c.name from orders o join v_customers c on c.id = o.customer_id;
create view v_secrets as select count(*) as n from secrets;
create materialized view m_sales as select customer_id, sum(total) as sum from orders group by customer_id;
create view v_recursive as with recursive r(id) as (select id from t2 union select t2.id from t2 join r on t2.parent = r.id) select * from r;

create function record_change() returns trigger language plpgsql as
  $$ begin insert into audit_log (what) values (tg_table_name); return coalesce(new, old); end $$;
create table accounts (id int primary key, balance int);
create trigger recorded after insert or update or delete on accounts for each row execute function record_change();
create function hide() returns trigger language plpgsql as
  $$ begin insert into hidden values (1, 'x'); return coalesce(new, old); end $$;
create table sneaky (a int, b int);
create trigger sneaks before insert or update on sneaky for each row execute function hide();
create table moves (k int, v int) partition by list (k);
create table moves_1 partition of moves for values in (1);
create table moves_2 partition of moves for values in (2);
create trigger moved after delete on moves_1 for each row execute function hide();
create view v_instead as select a, b from t;
create function instead() returns trigger language plpgsql as $$ begin insert into hidden values (2, 'y'); return new; end $$;
create trigger instead_of instead of insert on v_instead for each row execute function instead();
create table ruled (a int);
create rule also as on insert to ruled do also insert into hidden values (3, 'z');

create table members (tenant text, who text);
create table guarded (id int, tenant text);
alter table guarded enable row level security;
create policy of_tenant on guarded using (tenant in (select tenant from members where who = current_user));

create function peek() returns int language sql stable as 'select count(*)::int from secrets';
create function peek(int) returns int language sql stable as 'select count(*)::int from secrets';
create function fullname(customers) returns text language plpgsql as $$ begin perform * from secrets; return 'x'; end $$;
create function of_any(record) returns text language plpgsql as $$ begin perform * from secrets; return 'x'; end $$;
create function initcap(mood) returns text language plpgsql as $$ begin perform * from secrets; return 'x'; end $$;
create function other.lower(mood) returns text language plpgsql as $$ begin perform * from secrets; return 'x'; end $$;
create function same(text, text) returns boolean language plpgsql as $$ begin perform * from secrets; return true; end $$;
create operator === (function = same, leftarg = text, rightarg = text);
create function near(t, t) returns boolean language plpgsql as $$ begin perform * from secrets; return true; end $$;
create operator <-> (function = near, leftarg = t, rightarg = t);
create function checks(int) returns boolean language plpgsql as $$ begin perform * from secrets; return true; end $$;
create domain checked as int check (checks(value));
create table has_checked (a checked, b int);
create table has_check (a int check (checks(a)));
create table has_default (a int default peek(), b int);
create function stamped(int) returns int language plpgsql immutable as $$ begin perform * from public.secrets; return $1; end $$;
create table has_index (a int);
create index on has_index (stamped(a));
create table has_generated (a int, g int generated always as (stamped(a)) stored);
create function total(refcursor) returns int language sql as 'select 1';
create aggregate spy (int) (sfunc = int4pl, stype = int, finalfunc = stamped);
create view v_peek as select peek() as n;
create sequence counter;
create type pair as (x checked, y int);
create table has_pair (p pair, q checked[], n int);
create table by_code (a int) partition by list ((stamped(a)));
create table by_code_1 partition of by_code default;
create function built_in() returns int language internal immutable as 'pg_backend_pid';
create table indexed_text (c text, v tsvector);
create trigger indexes before insert or update on indexed_text for each row
  execute function tsvector_update_trigger(v, 'pg_catalog.english', c);
create table virtual_sum (a int, b int generated always as (a + 1) virtual);
create table folds (a int);
create index on folds ((a + stamped(1)));
create table counted (a int, b int);
create statistics counts on (a + stamped(2)), (b + 1) from counted;
create domain peeking as int default peek();
create table has_peeking (a peeking, b int);
create table computes (a int default nextval(concat('coun', 'ter')::regclass), b int);
create table part_checked (a int) partition by range (a);
create table part_checked_1 partition of part_checked (check (stamped(3) = 3)) for values from (0) to (9);
create table keyed (a int, b int) partition by list ((a + stamped(4)));
create table keyed_1 partition of keyed for values in (5);
create extension citext;
create table emails (e citext);
insert into emails values ('A@x');
create schema lab;
create function lab.equals(t, t) returns boolean language plpgsql as $$ begin perform * from secrets; return true; end $$;
create operator lab.= (function = lab.equals, leftarg = t, rightarg = t);
create function lab.least(t, t) returns boolean language plpgsql as $$ begin perform * from secrets; return true; end $$;
create operator lab.>= (function = lab.least, leftarg = t, rightarg = t);
create function lab.lower(text) returns text language plpgsql as $$ begin perform * from secrets; return 'x'; end $$;
create operator lab.- (function = pg_catalog.pg_advisory_lock, rightarg = bigint);
create operator lab.@ (function = pg_catalog.pg_notify, leftarg = text, rightarg = text);
create table lab.t (l int);
create view lab.pg_class as select * from secrets;
create type lab.text as enum ('a');

insert into customers (name, email, tenant) select 'n' || i, 'e' || i, chr(97 + i % 3) from generate_series(1, 6) i;
insert into products select i, 'p' || i, i, array['x'], '{"k": 1}' from generate_series(1, 5) i;
insert into orders (customer_id, total) select 1 + i % 6, i from generate_series(1, 8) i;
insert into items select i, 1 + i % 5, 1 from generate_series(1, 8) i;
insert into t select i, i % 3, 'c' || i from generate_series(1, 6) i;
insert into u select i, i % 2, 'd' || i from generate_series(1, 6) i;
insert into "T" values (1, 'x'), (2, 'y');
insert into t2 select i, nullif(i / 2, 0) from generate_series(1, 6) i;
insert into events values ('2025-05-05', 'a', 1), ('2026-05-05', 'a', 2), ('2026-05-06', 'b', 3);
insert into dogs values ('rex', 3, 'lab');
insert into moves values (1, 1), (2, 2);
insert into accounts values (1, 10), (2, 20);
insert into secrets values (1, 's');
insert into guarded values (1, 'a');
insert into indexed_text (c) values ('a b');
insert into virtual_sum (a) values (1);
refresh materialized view m_sales;

do $$ begin create role oracle_agent; exception when duplicate_object then null; end $$;
grant usage on schema public, other, lab to oracle_agent;
grant all on all tables in schema public, other, lab to oracle_agent;
grant all on all sequences in schema public, other to oracle_agent;
`;

/** The functions that a person has declared. */
export const DECLARED = [
  { name: 'record_change', reads: [], writes: [{ schema: 'public', name: 'audit_log' }] },
] as const;
