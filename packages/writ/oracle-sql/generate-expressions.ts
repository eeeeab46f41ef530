import type { Random } from '../kills/random.js';

/** Expressions over columns of any type: each is a text first. */

function column(random: Random, columns: readonly string[]): string {
  return columns.length === 0 ? "'x'" : (columns[random.pick(columns.length)] as string);
}

/** @param query makes a scalar sub-select */
export function expression(random: Random, columns: readonly string[], query: () => string): string {
  const c = (): string => column(random, columns);
  const forms: readonly (() => string)[] = [
    c,
    c,
    c,
    c,
    () => `${c()}::text`,
    () => `upper(${c()}::text)`,
    () => `coalesce(${c()}::text, 'none')`,
    () => `case when ${truth(random, columns, query)} then ${c()}::text else 'y' end`,
    () => `length(${c()}::text) + ${random.pick(9)}`,
    () => `nullif(${c()}::text, '')`,
    () => `concat(${c()}, '-', ${c()})`,
    () => `array[${c()}::text, 'b']`,
    () => `to_jsonb(${c()})`,
    () => `jsonb_build_object('k', ${c()})`,
    () => `substring(${c()}::text from 1 for 2)`,
    () => `greatest(${c()}::text, ${c()}::text)`,
    () => `md5(${c()}::text) || 'x'`,
    () => `round(random() * 10)`,
    () => `now() - interval '1 day'`,
    () => `date_trunc('day', now())`,
    () => `extract(epoch from now())`,
    () => `current_date`,
    () => `count(*) over ()`,
    () => `lower(${c()}::text) collate "C"`,
    () => `row(${c()}, 1)`,
    () => `(${query()})`,
    query,
    () => `json_object('k': ${c()}::text)`,
    () => `regexp_replace(${c()}::text, 'a', 'b')`,
    () => `string_to_array(${c()}::text, 'a')`,
  ];
  return (forms[random.pick(forms.length)] as () => string)();
}

export function truth(random: Random, columns: readonly string[], query: () => string): string {
  const c = (): string => column(random, columns);
  const forms: readonly (() => string)[] = [
    () => `${c()} is not null`,
    () => `${c()}::text = '${random.pick(9)}'`,
    () => `${c()}::text in ('a', 'b', '1')`,
    () => `${c()}::text like '%${random.pick(9)}'`,
    () => `${c()}::text ilike 'A%'`,
    () => `${c()}::text between 'a' and 'z'`,
    () => `${c()} is distinct from null`,
    () => `exists ${query()}`,
    () => `${c()}::text in (select 'q')`,
    () => `1 = any (array[1, 2])`,
    () => `${query()} > 0`,
    () => `length(${c()}::text) % 2 = 0 or ${c()}::text ~ '^x'`,
    () => `not (${c()}::text <> 'b' and true)`,
    () => `${c()}::text similar to 'x%'`,
    () => `(${c()}::text, 1) = ('a', 1)`,
  ];
  return (forms[random.pick(forms.length)] as () => string)();
}
