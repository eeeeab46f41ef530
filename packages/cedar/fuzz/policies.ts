import { BINARY_OPERATORS, type Expr, type Policy, type ScopeConstraint } from '../src/policy/ast.js';
import { longOf } from '../src/values/long.js';
import type { Choices } from './choices.js';
import {
  actionUid,
  DATETIMES,
  DECIMALS,
  DURATIONS,
  IPS,
  LONGS,
  NAMES,
  STRINGS,
  TYPES,
  type Type,
  uid,
} from './world.js';

const VARIABLES = ['principal', 'action', 'resource', 'context'] as const;
const IDENTIFIERS = ['a', 'b', '__proto__', 'constructor'] as const;

export function policy(choices: Choices, id: string): Policy {
  return {
    id,
    effect: choices.pick(['permit', 'forbid']),
    annotations: { id },
    principal: scope(choices),
    action: choices.pick([
      () => ({ op: 'all' }) as const,
      () => ({ op: 'all' }) as const,
      () => ({ op: 'all' }) as const,
      () => ({ op: '==', uid: actionUid(choices) }) as const,
      () => ({ op: 'in', uids: [actionUid(choices), ...choices.list(2, () => actionUid(choices))] }) as const,
    ])(),
    resource: scope(choices),
    conditions: [0, ...choices.list(1, () => 0)].map(() => ({
      kind: choices.pick(['when', 'unless']),
      body: expr(choices, 'bool', choices.pick([1, 2, 2, 3, 4])),
    })),
  };
}

function scope(choices: Choices): ScopeConstraint {
  switch (choices.below(16)) {
    case 1:
      return { op: '==', target: { uid: uid(choices) } };
    case 2:
      return { op: 'in', target: { uid: uid(choices) } };
    case 3:
      return { op: 'is', entityType: choices.pick(['User', 'Group', 'N::Doc']) };
    case 4:
      return { op: 'is', entityType: choices.pick(['User', 'Group', 'N::Doc']), within: { uid: uid(choices) } };
    default:
      return { op: 'all' };
  }
}

/** An expression that mostly has the type, and at times another: errors are half of what is to agree. */
export function expr(choices: Choices, wanted: Type, depth: number): Expr {
  const type = choices.once(24) ? choices.pick(TYPES) : wanted;
  if (depth <= 0) return leaf(choices, type);
  const sub = (t: Type): Expr => expr(choices, t, depth - 1);
  const any = (): Expr => sub(choices.pick(TYPES));
  switch (choices.below(type === 'bool' ? 3 : 6)) {
    case 0:
      return type === 'bool' ? test(choices, sub, any) : leaf(choices, type);
    case 1:
      return type === 'bool' ? test(choices, sub, any) : compound(choices, type, sub, any);
    case 2:
      return type === 'bool' ? leaf(choices, type) : compound(choices, type, sub, any);
    case 3:
      return { op: 'if', test: sub('bool'), yes: sub(type), no: sub(type) };
    case 4:
      return access(choices, sub);
    default:
      return leaf(choices, type);
  }
}

function access(choices: Choices, sub: (t: Type) => Expr): Expr {
  const of = sub(choices.pick(['entity', 'record']));
  if (choices.once(4))
    return { op: 'getTag', left: sub('entity'), right: choices.once(3) ? sub('string') : name(choices) };
  return { op: 'get', of, attribute: choices.pick(NAMES) };
}

function name(choices: Choices): Expr {
  return { op: 'value', value: choices.pick(NAMES) };
}

function leaf(choices: Choices, type: Type): Expr {
  if (choices.once(8))
    return { op: 'get', of: { op: 'variable', name: choices.pick(VARIABLES) }, attribute: choices.pick(NAMES) };
  const call = (fn: string, texts: readonly string[]): Expr => ({
    op: 'call',
    name: fn,
    args: [{ op: 'value', value: choices.pick(texts) }],
  });
  switch (type) {
    case 'bool':
      return { op: 'value', value: choices.once(2) };
    case 'long': {
      const literal: Expr = { op: 'value', value: longOf(choices.pick(LONGS)) as number };
      return choices.once(6) ? { op: 'neg', arg: literal } : literal;
    }
    case 'string':
      return { op: 'value', value: choices.pick(STRINGS) };
    case 'entity':
      return choices.once(2)
        ? { op: 'entity', uid: choices.once(4) ? actionUid(choices) : uid(choices) }
        : { op: 'variable', name: choices.pick(['principal', 'resource', 'action']) };
    case 'set':
      return {
        op: 'set',
        items: choices.list(2, () => leaf(choices, choices.pick(['long', 'string', 'entity', 'bool']))),
      };
    case 'record':
      return choices.once(2) ? { op: 'variable', name: 'context' } : { op: 'record', entries: [] };
    case 'ip':
      return call('ip', IPS);
    case 'decimal':
      return call('decimal', DECIMALS);
    case 'datetime':
      return call('datetime', DATETIMES);
    case 'duration':
      return call('duration', DURATIONS);
  }
}

function compound(choices: Choices, type: Type, sub: (t: Type) => Expr, any: () => Expr): Expr {
  const call = (fn: string, ...args: Expr[]): Expr => ({ op: 'call', name: fn, args });
  switch (type) {
    case 'long':
      return choices.pick<() => Expr>([
        () => ({ op: choices.pick(['+', '-', '*']), left: sub('long'), right: sub('long') }),
        () => ({ op: 'neg', arg: sub('long') }),
        () => call(choices.pick(['toMilliseconds', 'toSeconds', 'toMinutes', 'toHours', 'toDays']), sub('duration')),
      ])();
    case 'set':
      return { op: 'set', items: choices.list(4, choices.once(2) ? any : () => sub('entity')) };
    case 'record':
      return {
        op: 'record',
        entries: [...new Set(choices.list(3, () => choices.pick(NAMES)))].map((key) => [key, any()] as const),
      };
    case 'datetime':
      return choices.once(2) ? call('offset', sub('datetime'), sub('duration')) : call('toDate', sub('datetime'));
    case 'duration':
      return choices.once(2)
        ? call('durationSince', sub('datetime'), sub('datetime'))
        : call('toTime', sub('datetime'));
    case 'ip':
    case 'decimal':
      return call(type, sub('string'));
    default:
      return leaf(choices, type);
  }
}

/** Every operator that gives a bool. */
function test(choices: Choices, typed: (t: Type) => Expr, any: () => Expr): Expr {
  const sub = (type: Type): Expr => (choices.once(12) ? any() : typed(type));
  const call = (fn: string, ...args: Expr[]): Expr => ({ op: 'call', name: fn, args });
  return choices.pick<() => Expr>([
    () => ({ op: choices.pick(['&&', '||']), left: sub('bool'), right: sub('bool') }),
    () => ({ op: '!', arg: sub('bool') }),
    () => {
      const type = choices.pick(TYPES);
      return { op: choices.pick(['==', '!=']), left: sub(type), right: sub(type) };
    },
    () => ({ op: choices.pick(['==', '!=']), left: any(), right: any() }),
    () => {
      const type = choices.pick(['long', 'long', 'datetime', 'duration'] as const);
      return { op: choices.pick(['<', '<=', '>', '>=']), left: sub(type), right: sub(type) };
    },
    () => ({ op: 'in', left: sub('entity'), right: sub(choices.pick(['entity', 'set'])) }),
    () => {
      const items = [0, ...choices.list(2, () => 0)].map(() => sub('entity'));
      return { op: 'in', left: sub('entity'), right: { op: 'set', items } };
    },
    () => ({ op: 'contains', left: sub('set'), right: any() }),
    () => ({ op: choices.pick(['containsAll', 'containsAny']), left: sub('set'), right: sub('set') }),
    () => ({ op: 'isEmpty', arg: choices.once(4) ? leaf(choices, 'string') : sub('set') }),
    () => ({ op: 'has', of: sub(choices.pick(['entity', 'record'])), path: [choices.pick(NAMES)] }),
    () => ({
      op: 'has',
      of: sub(choices.pick(['entity', 'record'])),
      path: [choices.pick(IDENTIFIERS), choices.pick(IDENTIFIERS)],
    }),
    () => ({ op: 'hasTag', left: sub('entity'), right: name(choices) }),
    () => ({
      op: 'like',
      of: sub('string'),
      pattern: choices.pick([['a'], ['a', ''], ['', 'b', ''], ['', ''], ['a*b'], ['a', 'b', 'c'], ['', '😀']]),
    }),
    () => ({ op: 'is', of: sub('entity'), entityType: choices.pick(['User', 'Group', 'N::Doc', 'Action']) }),
    () => ({
      op: 'is',
      of: sub('entity'),
      entityType: choices.pick(['User', 'Group']),
      within: sub(choices.pick(['entity', 'set'])),
    }),
    () => call(choices.pick(['isIpv4', 'isIpv6', 'isLoopback', 'isMulticast']), sub('ip')),
    () => call('isInRange', sub('ip'), sub('ip')),
    () =>
      call(
        choices.pick(['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual']),
        sub('decimal'),
        sub('decimal'),
      ),
    () => ({ op: 'if', test: sub('bool'), yes: sub('bool'), no: sub('bool') }),
  ])();
}

/** What a policy uses, for the test that the generator reaches everything. */
export function operatorsOf(root: Expr, into: Set<string>): void {
  const stack: unknown[] = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (Array.isArray(node)) stack.push(...(node as unknown[]));
    else if (typeof node === 'object' && node !== null) {
      const { op, name: fn } = node as { op?: string; name?: string };
      if (typeof op === 'string') into.add(op === 'call' ? String(fn) : op);
      stack.push(...Object.values(node));
    }
  }
}

export const ALL_OPERATORS: readonly string[] = [
  ...BINARY_OPERATORS,
  '!',
  'neg',
  'isEmpty',
  'get',
  'has',
  'like',
  'is',
  'if',
  'set',
  'record',
];
