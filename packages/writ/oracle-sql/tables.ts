import type { Random } from '../kills/random.js';

/** The relations that the generator knows. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly isView?: boolean;
  readonly hasChildren?: boolean;
}

export const TABLES: readonly Table[] = [
  { name: 't', columns: ['a', 'b', 'c'] },
  { name: 'public.u', columns: ['a', 'b', 'd'] },
  { name: '"T"', columns: ['a', '"B c"'] },
  { name: 'other.t', columns: ['a', 'z'] },
  { name: 'other.only_here', columns: ['a', 'b'] },
  { name: 'customers', columns: ['id', 'name', 'email', 'feeling', 'tenant', 'created'] },
  { name: 'orders', columns: ['id', 'customer_id', 'placed', 'total', 'note', 'doubled'] },
  { name: 'items', columns: ['order_id', 'product_id', 'qty'] },
  { name: 'products', columns: ['id', 'name', 'price', 'tags', 'data'] },
  { name: 't2', columns: ['id', 'parent', 'x'] },
  { name: 'events', columns: ['at', 'kind', 'n'] },
  { name: 'events_2026', columns: ['at', 'kind', 'n'] },
  { name: 'animals', columns: ['name', 'age'], hasChildren: true },
  { name: 'dogs', columns: ['name', 'breed'], hasChildren: true },
  { name: 'accounts', columns: ['id', 'balance'] },
  { name: 'guarded', columns: ['id', 'tenant'] },
  { name: 'sneaky', columns: ['a', 'b'] },
  { name: 'has_check', columns: ['a'] },
];

export const VIEWS: readonly Table[] = [
  { name: 'v_customers', columns: ['id', 'name', 'email'], isView: true },
  { name: 'v_orders', columns: ['id', 'total', 'name'], isView: true },
  { name: 'v_secrets', columns: ['n'], isView: true },
  { name: 'v_recursive', columns: ['id'], isView: true },
  { name: 'm_sales', columns: ['customer_id', 'sum'], isView: true },
  { name: 'v_instead', columns: ['a', 'b'], isView: true },
  { name: 'v_peek', columns: ['n'], isView: true },
];

/** A relation that statements write, with the values of a row. */
export interface Writable extends Table {
  readonly row: (random: Random) => readonly string[];
  /** The columns that an UPDATE sets; all by default. */
  readonly sets?: readonly string[];
}

const number = (random: Random): string => String(100 + random.pick(900));

export const WRITABLE: readonly Writable[] = [
  { name: 't', columns: ['a', 'b', 'c'], row: (r) => [number(r), '2', "'x'"] },
  { name: 'u', columns: ['a', 'd'], row: (r) => [number(r), 'null'] },
  { name: 'public."T"', columns: ['a', '"B c"'], row: (r) => [number(r), "'v'"] },
  { name: 'other.t', columns: ['a'], row: (r) => [`length('${number(r)}')`] },
  { name: 'customers', columns: ['name', 'email', 'feeling'], row: (r) => [`'n${number(r)}'`, 'null', "'sad'"] },
  { name: 'orders', columns: ['customer_id', 'total'], row: () => ['1', '5.5'] },
  { name: 'items', columns: ['order_id', 'product_id', 'qty'], row: () => ['1', '5', '3'], sets: ['qty'] },
  {
    name: 'products',
    columns: ['id', 'name', 'price'],
    row: (r) => [number(r), "'p'", '1.5'],
    sets: ['name', 'price'],
  },
  { name: 't2', columns: ['id', 'x'], row: (r) => [number(r), '3'], sets: ['x'] },
  { name: 'events', columns: ['at', 'kind', 'n'], row: () => ["'2026-07-07'", "'b'", '1'] },
  { name: 'events_2025', columns: ['at', 'kind', 'n'], row: () => ["'2025-07-07'", "'b'", '1'] },
  { name: 'animals', columns: ['name', 'age'], row: () => ["'cat'", '1'] },
  { name: 'dogs', columns: ['name', 'breed'], row: () => ["'dog'", "'pug'"] },
  { name: 'accounts', columns: ['id', 'balance'], row: (r) => [number(r), '1'], sets: ['balance'] },
  { name: 'v_customers', columns: ['name', 'email'], row: () => ["'v'", 'null'] },
  { name: 'sneaky', columns: ['a', 'b'], row: () => ['1', '2'] },
  { name: 'v_instead', columns: ['a', 'b'], row: () => ['1', '2'] },
  { name: 'has_check', columns: ['a'], row: () => ['1'] },
  { name: 'has_default', columns: ['b'], row: () => ['1'] },
  { name: 'moves', columns: ['k', 'v'], row: () => ['1', '2'] },
];

export function aliasOf(depth: number, number: number): string {
  return `${'abcdef'[depth] ?? 'g'}${number}`;
}
