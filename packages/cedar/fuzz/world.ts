import type { EntityUid } from '../src/values/uid.js';
import type { Choices } from './choices.js';

/** Types that values are generated of. `any` is how a wrong type comes about. */
export type Type =
  | 'bool'
  | 'long'
  | 'string'
  | 'entity'
  | 'set'
  | 'record'
  | 'ip'
  | 'decimal'
  | 'datetime'
  | 'duration';

export const TYPES: readonly Type[] = [
  'bool',
  'long',
  'string',
  'entity',
  'set',
  'record',
  'ip',
  'decimal',
  'datetime',
  'duration',
];

/** Names that are special somewhere: in JavaScript, in Cedar's grammar, in JSON's Cedar forms. */
export const NAMES = ['a', 'b', '__proto__', 'constructor', 'if', 'odd key', ''] as const;
export const STRINGS = [
  '',
  'a',
  'ab',
  'a*b',
  'aXbXc',
  '*',
  '\\',
  '"',
  '😀',
  'é',
  '\u0001',
  '__proto__',
  '1.2.3.4',
  '1.0',
  '2024-01-01',
  '1d',
] as const;
export const IPS = [
  '1.2.3.4',
  '10.0.0.0/8',
  '10.1.0.0/16',
  '0.0.0.0/0',
  '127.0.0.1',
  '127.0.0.0/7',
  '224.0.0.1',
  '::1',
  '::/0',
  'ff02::1',
  '1:2:3:4:5:6:7:8/64',
  '1.2.3',
  '1.2.3.4/33',
  '01.2.3.4',
  '::ffff:1.2.3.4',
] as const;
export const DECIMALS = [
  '0.0',
  '1.0',
  '1.5',
  '-1.5',
  '0.0001',
  '922337203685477.5807',
  '-922337203685477.5808',
  '922337203685477.5808',
  '1',
  '1.23456',
  '.5',
] as const;
export const DATETIMES = [
  '1970-01-01',
  '2024-02-29',
  '2023-02-29',
  '1969-12-31T23:59:59Z',
  '2024-01-01T10:20:30.400Z',
  '2024-01-01T00:00:00+0130',
  '2024-01-01T00:00:00-2359',
  '9999-12-31',
  '0000-01-01',
  '2024-13-01',
  '2024-01-01T25:00:00Z',
  '',
] as const;
export const DURATIONS = [
  '0ms',
  '1d',
  '-1d',
  '1d2h3m4s5ms',
  '9223372036854775807ms',
  '-9223372036854775808ms',
  '106751991167d',
  '106751991168d',
  '1h1d',
  '',
  '-',
  '90m',
] as const;
export const LONGS = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  10n,
  86_400_000n,
  2n ** 31n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 62n,
  2n ** 63n - 1n,
  -(2n ** 53n) - 1n,
  1n - 2n ** 63n,
  -(2n ** 63n),
] as const;

const ENTITY_TYPES = ['User', 'Group', 'N::Doc'] as const;
const IDS = ['a', 'b', 'c', '', 'x"\\y', '😀'] as const;

export function uid(choices: Choices): EntityUid {
  return { type: choices.pick(ENTITY_TYPES), id: choices.pick(IDS) };
}

export function actionUid(choices: Choices): EntityUid {
  return { type: 'Action', id: choices.pick(['view', 'edit', 'all', 'none']) };
}

/** A value of Cedar's JSON data format. Integers stay where the wasm engine can take them as JSON. */
export function data(choices: Choices, depth: number): unknown {
  switch (choices.pick(depth > 0 ? TYPES : (['long', 'bool', 'string', 'entity'] as const))) {
    case 'bool':
      return choices.once(2);
    case 'long':
      return Number(choices.pick(LONGS.slice(0, 9)));
    case 'string':
      return choices.pick(STRINGS);
    case 'entity':
      return { __entity: uid(choices) };
    case 'set':
      return choices.list(3, () => data(choices, depth - 1));
    case 'record':
      return record(choices, depth - 1);
    case 'ip':
      return { __extn: { fn: 'ip', arg: choices.pick(IPS.slice(0, 11)) } };
    case 'decimal':
      return { __extn: { fn: 'decimal', arg: choices.pick(DECIMALS.slice(0, 7)) } };
    case 'datetime':
      return { __extn: { fn: 'datetime', arg: choices.pick(['1970-01-01', '2024-02-29', '1969-12-31T23:59:59Z']) } };
    case 'duration':
      return { __extn: { fn: 'duration', arg: choices.pick(DURATIONS.slice(0, 7)) } };
  }
}

export function record(choices: Choices, depth: number): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const name of new Set(choices.list(3, () => choices.pick(NAMES)))) {
    Object.defineProperty(out, name, {
      value: data(choices, depth),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return out;
}

export interface EntityData {
  readonly uid: EntityUid;
  readonly attrs: Record<string, unknown>;
  readonly parents: EntityUid[];
  readonly tags: Record<string, unknown>;
}

/** Entities with a hierarchy that is at times a long chain. No cycles: a parent stands later in the order. */
export function entities(choices: Choices): EntityData[] {
  const all = ENTITY_TYPES.flatMap((type) => IDS.map((id) => ({ type: type as string, id: id as string })));
  const chain = choices.once(4) ? 24 : 0;
  for (let i = 0; i < chain; i += 1) all.push({ type: 'Group', id: `chain${i}` });
  const present = all.filter((one) => one.id.startsWith('chain') || choices.once(2));
  const list = present.map((one, i): EntityData => {
    const later = present.slice(i + 1);
    const parents = later.length === 0 ? [] : choices.list(2, () => choices.pick(later));
    const next = present[i + 1];
    if (one.id.startsWith('chain') && next !== undefined) parents.push(next);
    const distinct = [...new Map(parents.map((parent) => [JSON.stringify(parent), parent])).values()];
    return { uid: one, attrs: record(choices, 2), parents: distinct, tags: record(choices, 1) };
  });
  const actions = ['view', 'edit', 'all'].map((id): EntityData => {
    const parents = id !== 'all' && choices.once(2) ? [{ type: 'Action', id: 'all' }] : [];
    return { uid: { type: 'Action', id }, attrs: {}, parents, tags: {} };
  });
  return [...list, ...actions];
}
