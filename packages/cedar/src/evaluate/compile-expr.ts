import type { BinaryOperator, Expr, Variable } from '../policy/ast.js';
import { Datetime, Duration } from '../values/datetime.js';
import { Entity, type EntityUid, uidText } from '../values/entity.js';
import { EvaluationFailure } from '../values/failure.js';
import { addLongs, type Long, multiplyLongs, negateLong, subtractLongs } from '../values/long.js';
import { SetValue } from '../values/set.js';
import { equalValues, type RecordValue, typeName, type Value } from '../values/value.js';
import { EXTENSION_FUNCTIONS, type ExtensionFunction } from './extensions.js';
import { compileLike } from './like.js';

/** What an expression can see while it is evaluated. */
export interface Environment {
  readonly principal: Entity;
  readonly action: Entity;
  readonly resource: Entity;
  readonly context: RecordValue;
  /** The entities that policies name, as the store holds them; by the index that `ConstantTable` gave out. */
  readonly constants: readonly Entity[];
}

/** @throws {EvaluationFailure} when Cedar says that the expression is an error */
export type Evaluate = (env: Environment) => Value;

/** The entities that a policy set names, each once. */
export class ConstantTable {
  private readonly indexes = new Map<string, number>();
  readonly uids: EntityUid[] = [];

  indexOf(uid: EntityUid): number {
    const key = `${uid.type.length}:${uid.type}${uid.id}`;
    let index = this.indexes.get(key);
    if (index === undefined) {
      index = this.uids.push(uid) - 1;
      this.indexes.set(key, index);
    }
    return index;
  }
}

const VARIABLES: Readonly<Record<Variable, Evaluate>> = {
  principal: (env) => env.principal,
  action: (env) => env.action,
  resource: (env) => env.resource,
  context: (env) => env.context,
};

/** Compiles an expression to a closure; once for each policy, so that evaluation is calls and nothing else. */
export function compileExpr(expr: Expr, table: ConstantTable): Evaluate {
  const compile = (e: Expr): Evaluate => compileExpr(e, table);
  switch (expr.op) {
    case 'value': {
      const { value } = expr;
      return () => value;
    }
    case 'entity': {
      const index = table.indexOf(expr.uid);
      return (env) => env.constants[index] as Entity;
    }
    case 'variable':
      return VARIABLES[expr.name];
    case 'slot':
      return () => {
        throw new EvaluationFailure(`the template slot ${expr.slot} is not linked`);
      };
    case '!': {
      const arg = compile(expr.arg);
      return (env) => !bool(arg(env));
    }
    case 'neg': {
      const arg = compile(expr.arg);
      return (env) => negateLong(long(arg(env)));
    }
    case 'isEmpty': {
      const arg = compile(expr.arg);
      return (env) => set(arg(env)).isEmpty;
    }
    case 'get': {
      const of = compile(expr.of);
      const { attribute } = expr;
      return (env) => getAttribute(of(env), attribute);
    }
    case 'has': {
      const of = compile(expr.of);
      return (env) => hasPath(of(env), expr.path);
    }
    case 'like': {
      const of = compile(expr.of);
      const matches = compileLike(expr.pattern);
      return (env) => matches(string(of(env)));
    }
    case 'is': {
      const of = compile(expr.of);
      const { entityType } = expr;
      if (expr.within === undefined) return (env) => entity(of(env)).type === entityType;
      const within = compile(expr.within);
      return (env) => {
        const value = entity(of(env));
        return value.type === entityType && isIn(value, within(env));
      };
    }
    case 'if': {
      const [test, yes, no] = [compile(expr.test), compile(expr.yes), compile(expr.no)];
      return (env) => (bool(test(env)) ? yes(env) : no(env));
    }
    case 'set': {
      const items = expr.items.map(compile);
      return (env) => new SetValue(items.map((item) => item(env)));
    }
    case 'record': {
      const entries = expr.entries.map(([key, value]) => [key, compile(value)] as const);
      return (env) => new Map(entries.map(([key, value]) => [key, value(env)]));
    }
    case 'call': {
      const { call, arity } = EXTENSION_FUNCTIONS.get(expr.name) as ExtensionFunction;
      const args = expr.args.map(compile);
      if (args.length !== arity) {
        // Cedar accepts such a policy and fails its evaluation.
        return () => {
          throw new EvaluationFailure(`\`${expr.name}\` takes ${arity} argument(s), got ${args.length}`);
        };
      }
      return (env) => call(...args.map((arg) => arg(env)));
    }
    case '&&': {
      const [left, right] = [compile(expr.left), compile(expr.right)];
      return (env) => bool(left(env)) && bool(right(env));
    }
    case '||': {
      const [left, right] = [compile(expr.left), compile(expr.right)];
      return (env) => bool(left(env)) || bool(right(env));
    }
    default: {
      const [left, right] = [compile(expr.left), compile(expr.right)];
      const apply = BINARY[expr.op];
      return (env) => apply(left(env), right(env));
    }
  }
}

const BINARY: Readonly<Record<Exclude<BinaryOperator, '&&' | '||'>, (left: Value, right: Value) => Value>> = {
  '==': equalValues,
  '!=': (a, b) => !equalValues(a, b),
  '<': (a, b) => compare(a, b, (x, y) => x < y),
  '<=': (a, b) => compare(a, b, (x, y) => x <= y),
  '>': (a, b) => compare(a, b, (x, y) => x > y),
  '>=': (a, b) => compare(a, b, (x, y) => x >= y),
  '+': (a, b) => addLongs(long(a), long(b)),
  '-': (a, b) => subtractLongs(long(a), long(b)),
  '*': (a, b) => multiplyLongs(long(a), long(b)),
  in: (a, b) => isIn(entity(a), b),
  contains: (a, b) => set(a).has(b),
  containsAll: (a, b) => set(a).containsAll(set(b)),
  containsAny: (a, b) => set(a).containsAny(set(b)),
  getTag: (a, b) => getTag(entity(a), string(b)),
  hasTag: (a, b) => entity(a).tags.has(string(b)),
};

function wrongType(expected: string, value: Value): never {
  throw new EvaluationFailure(`type error: expected ${expected}, got ${typeName(value)}`);
}

function bool(value: Value): boolean {
  return typeof value === 'boolean' ? value : wrongType('bool', value);
}

function long(value: Value): Long {
  return typeof value === 'number' || typeof value === 'bigint' ? value : wrongType('long', value);
}

function string(value: Value): string {
  return typeof value === 'string' ? value : wrongType('string', value);
}

function set(value: Value): SetValue {
  return value instanceof SetValue ? value : wrongType('set', value);
}

function entity(value: Value): Entity {
  return value instanceof Entity ? value : wrongType('(entity of any type)', value);
}

/** Ordering: of two Longs, two datetimes or two durations. */
function compare(a: Value, b: Value, holds: (x: Long, y: Long) => boolean): boolean {
  if (a instanceof Datetime && b instanceof Datetime) return holds(a.epochMs, b.epochMs);
  if (a instanceof Duration && b instanceof Duration) return holds(a.ms, b.ms);
  if (a instanceof Datetime || a instanceof Duration) return wrongType(a.typeName, b);
  return holds(long(a), long(b));
}

/** Whether the entity is the other, or in it, or either for one of a set. */
export function isIn(a: Entity, b: Value): boolean {
  if (b instanceof Entity) return a === b || a.ancestors.has(b) || (a.id === b.id && a.type === b.type);
  const targets = set(b).entities();
  if (targets === undefined) throw new EvaluationFailure('type error: expected a set of entities on the right of `in`');
  for (const target of targets) if (isIn(a, target)) return true;
  return false;
}

function getAttribute(value: Value, name: string): Value {
  if (value instanceof Entity) {
    const found = value.attributes.get(name);
    if (found !== undefined) return found;
    if (!value.exists) throw new EvaluationFailure(`entity \`${uidText(value)}\` does not exist`);
    throw new EvaluationFailure(`\`${uidText(value)}\` does not have the attribute \`${name}\``);
  }
  if (value instanceof Map) {
    const found = (value as RecordValue).get(name);
    if (found === undefined) throw new EvaluationFailure(`record does not have the attribute \`${name}\``);
    return found;
  }
  return wrongType('record or (entity of any type)', value);
}

function hasPath(start: Value, path: readonly string[]): boolean {
  let value = start;
  for (const name of path) {
    if (!(value instanceof Entity) && !(value instanceof Map)) wrongType('record or (entity of any type)', value);
    const attributes = value instanceof Entity ? value.attributes : (value as RecordValue);
    const found = attributes.get(name);
    if (found === undefined) return false;
    value = found;
  }
  return true;
}

function getTag(of: Entity, name: string): Value {
  const found = of.tags.get(name);
  if (found !== undefined) return found;
  if (!of.exists) throw new EvaluationFailure(`entity \`${uidText(of)}\` does not exist`);
  throw new EvaluationFailure(`\`${uidText(of)}\` does not have the tag \`${name}\``);
}
