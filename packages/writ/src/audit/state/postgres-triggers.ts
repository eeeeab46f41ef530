import type { Kysely } from 'kysely';
import { sql } from '../../store/kysely.js';
import { KEY_SETTING } from '../../store/postgres.js';

/**
 * Keeps the digests of the state tables in PostgreSQL, as sqlite-state.ts does for a file: there, triggers of the database add up the
 * rows of each statement. Sessions of the service that keeps the log have the key; a change by any other session, as of a service that
 * follows, makes the digest stale.
 */

const MODULUS = (1n << 256n).toString();

/** Makes the functions, and the triggers of these tables. */
export async function postgresTriggers(db: Kysely<unknown>, names: readonly string[]): Promise<void> {
  const weights = [0, 64, 128, 192].map((bits) => (1n << BigInt(bits)).toString());
  const limbs = weights.map(
    (weight, i) => `('x' || substr(h, ${1 + 16 * i}, 16))::bit(64)::bigint::numeric * ${weight}`,
  );
  await sql
    .raw(
      `create function writ_state_number(key text, said text) returns numeric language sql immutable as $$
         select ${limbs.join(' + ')}
         from (select encode(sha256(convert_to(key || said || E'\\n' || key, 'UTF8')), 'hex') as h) as hashed $$`,
    )
    .execute(db);
  await sql
    .raw(
      `create function writ_state_sum(n numeric) returns numeric language sql immutable as $$
         select mod(mod(n, ${MODULUS}) + ${MODULUS}, ${MODULUS}) $$`,
    )
    .execute(db);
  await sql
    .raw(
      `create function writ_state_changed() returns trigger language plpgsql as $$
       declare
         with_key text := current_setting('${KEY_SETTING}', true);
         change numeric := 0;
         rows_changed bigint := 0;
         rows_made bigint := 0;
       begin
         if coalesce(with_key, '') = '' then
           update state_digests set stale = 1 where name = tg_table_name;
           return null;
         end if;
         if tg_op <> 'INSERT' then
           select count(*), -coalesce(sum(writ_state_number(with_key, tg_table_name || ' ' || jsonb_strip_nulls(to_jsonb(g))::text)), 0)
             into rows_changed, change from gone g;
         end if;
         if tg_op <> 'DELETE' then
           select count(*), change + coalesce(sum(writ_state_number(with_key, tg_table_name || ' ' || jsonb_strip_nulls(to_jsonb(m))::text)), 0)
             into rows_made, change from made m;
         end if;
         if rows_changed + rows_made > 0 then
           update state_digests set
             seq = seq + 1,
             digest = writ_state_sum(digest::numeric - writ_state_number(with_key, 'blind ' || name || ' ' || seq)
               + writ_state_number(with_key, 'blind ' || name || ' ' || (seq + 1)) + change)::text
           where name = tg_table_name;
         end if;
         return null;
       end $$`,
    )
    .execute(db);
  for (const name of names)
    for (const [event, tables] of [
      ['insert', 'new table as made'],
      ['update', 'old table as gone new table as made'],
      ['delete', 'old table as gone'],
    ])
      await sql
        .raw(
          `create trigger writ_state_${event} after ${event} on ${name} referencing ${tables}
           for each statement execute function writ_state_changed()`,
        )
        .execute(db);
}
