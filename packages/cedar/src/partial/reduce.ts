import type { Entities } from '../entities/entities.js';
import { binary } from '../evaluate/binary.js';
import { EXTENSION_FUNCTIONS } from '../evaluate/extensions.js';
import { compileLike } from '../evaluate/like.js';
import { hasPath, OPERATORS } from '../evaluate/operators.js';
import type { Expr, Variable } from '../policy/ast.js';
import { childrenOf, withChildren } from '../policy/children.js';
import { EvaluationFailure } from '../values/failure.js';
import { Entity, type RecordValue, type Value } from '../values/value.js';

/** What is known of a request. A part that is not known may still have a known type. */
export interface Known {
  readonly principal: Entity | UnknownPart;
  readonly action: Entity | UnknownPart;
  readonly resource: Entity | UnknownPart;
  readonly context: RecordValue | UnknownPart;
}

export interface UnknownPart {
  readonly unknown: true;
  readonly type: string | undefined;
}

/** An expression as far as it can be worked out: a value, an error whatever the unknown is, or what is left to do. */
type Reduced =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'failure'; readonly message: string }
  | { readonly kind: 'residual'; readonly expr: Expr };

const TRUE = value(true);
const FALSE = value(false);

/**
 * Works an expression out as far as what is known allows. The residual has the value, or the error, of the whole for
 * every unknown: an operand is dropped only where Cedar would not evaluate it.
 */
export function reduce(expr: Expr, known: Known, entities: Entities): Reduced {
  const go = (e: Expr): Reduced => reduce(e, known, entities);
  /** For operators that evaluate all their operands, and fail when one fails. */
  const strict = (apply: (...values: Value[]) => Value): Reduced => {
    const operands = childrenOf(expr).map(go);
    const failed = operands.find(({ kind }) => kind === 'failure');
    if (failed !== undefined) return failed;
    if (operands.every((one) => one.kind === 'value')) return attempt(() => apply(...operands.map((one) => one.value)));
    return { kind: 'residual', expr: withChildren(expr, operands.map(toExpr)) };
  };
  switch (expr.op) {
    case 'value':
      return value(expr.value);
    case 'entity':
      return value(entities.get(expr.uid) ?? new Entity(expr.uid.type, expr.uid.id));
    case 'variable':
      return variable(expr.name, known);
    case 'slot':
      return { kind: 'failure', message: `the template slot ${expr.slot} is not linked` };
    case '!':
      return strict((v) => !OPERATORS.bool(v as Value));
    case 'neg':
      return strict((v) => OPERATORS.negate(v as Value));
    case 'isEmpty':
      return strict((v) => OPERATORS.isEmpty(v as Value));
    case 'get':
      return strict((v) => OPERATORS.get(v as Value, expr.attribute));
    case 'has':
      return strict((v) => hasPath(v as Value, expr.path, OPERATORS));
    case 'like':
      return strict((v) => OPERATORS.like(v as Value, compileLike(expr.pattern)));
    case 'is':
      return reduceIs(expr, known, go);
    case 'if': {
      const test = go(expr.test);
      if (test.kind === 'failure') return test;
      if (test.kind === 'value')
        return typeof test.value === 'boolean' ? go(test.value ? expr.yes : expr.no) : notBool(test.value);
      return {
        kind: 'residual',
        expr: { op: 'if', test: test.expr, yes: bestOf(expr.yes, go), no: bestOf(expr.no, go) },
      };
    }
    case 'set':
      return strict((...values) => OPERATORS.set(values));
    case 'record': {
      const names = expr.entries.map(([name]) => name);
      return strict((...values) => OPERATORS.record(names, values));
    }
    case 'call': {
      const extension = EXTENSION_FUNCTIONS.get(expr.name);
      if (extension === undefined || extension.arity !== expr.args.length) {
        return {
          kind: 'failure',
          message: `\`${expr.name}\` takes ${extension?.arity} argument(s), got ${expr.args.length}`,
        };
      }
      return strict(extension.call);
    }
    case '&&':
    case '||':
      return shortCircuit(expr.op, expr.left, expr.right, go);
    default: {
      const { op } = expr;
      if (op === '==' || op === '!=') {
        const differ = differInType(expr.left, expr.right, known);
        if (differ) return value(op === '!=');
      }
      return strict(binary(op, OPERATORS));
    }
  }
}

function value(v: Value): Reduced {
  return { kind: 'value', value: v };
}

function attempt(apply: () => Value): Reduced {
  try {
    return value(apply());
  } catch (error) {
    if (error instanceof EvaluationFailure) return { kind: 'failure', message: error.message };
    throw error;
  }
}

function notBool(v: Value): Reduced {
  return attempt(() => OPERATORS.bool(v));
}

function toExpr(reduced: Reduced): Expr {
  if (reduced.kind === 'value') return { op: 'value', value: reduced.value };
  return (reduced as { expr: Expr }).expr;
}

/** An expression that fails. Stands for an operand that would, in a place where it may never be evaluated. */
export const FAILS: Expr = { op: 'neg', arg: { op: 'value', value: false } };

/** An operand that may never be evaluated. What is left has no variable in it but the unknown one. */
function bestOf(expr: Expr, go: (e: Expr) => Reduced): Expr {
  const reduced = go(expr);
  return reduced.kind === 'failure' ? FAILS : toExpr(reduced);
}

function variable(name: Variable, known: Known): Reduced {
  const part = known[name];
  return 'unknown' in part ? { kind: 'residual', expr: { op: 'variable', name } } : value(part as Value);
}

function shortCircuit(op: '&&' | '||', left: Expr, right: Expr, go: (e: Expr) => Reduced): Reduced {
  const first = go(left);
  if (first.kind === 'failure') return first;
  if (first.kind === 'residual') return { kind: 'residual', expr: { op, left: first.expr, right: bestOf(right, go) } };
  if (typeof first.value !== 'boolean') return notBool(first.value);
  if (first.value === (op === '||')) return op === '||' ? TRUE : FALSE;
  const second = go(right);
  if (second.kind === 'value') return typeof second.value === 'boolean' ? second : notBool(second.value);
  if (second.kind === 'failure' || givesBool(second.expr)) return second;
  return { kind: 'residual', expr: { op, left: { op: 'value', value: first.value }, right: second.expr } };
}

/** Whether an expression gives a bool or fails, and never another value. */
function givesBool(expr: Expr): boolean {
  switch (expr.op) {
    case 'value':
      return typeof expr.value === 'boolean';
    case '!':
    case 'isEmpty':
    case 'has':
    case 'like':
    case 'is':
    case '&&':
    case '||':
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case 'in':
    case 'contains':
    case 'containsAll':
    case 'containsAny':
    case 'hasTag':
      return true;
    default:
      return false;
  }
}

/** `is` on an unknown of a known type is known. */
function reduceIs(expr: Extract<Expr, { op: 'is' }>, known: Known, go: (e: Expr) => Reduced): Reduced {
  const of = go(expr.of);
  if (of.kind === 'failure') return of;
  const type = of.kind === 'value' ? undefined : typeOfUnknown(of.expr, known);
  if (of.kind === 'residual' && type === undefined) {
    const within = expr.within === undefined ? {} : { within: bestOf(expr.within, go) };
    return { kind: 'residual', expr: { op: 'is', of: of.expr, entityType: expr.entityType, ...within } };
  }
  const fits =
    of.kind === 'value' ? attempt(() => OPERATORS.hasType(of.value, expr.entityType)) : value(type === expr.entityType);
  if (expr.within === undefined || fits.kind !== 'value' || fits.value !== true) return fits;
  const within = go(expr.within);
  if (within.kind === 'failure') return within;
  if (of.kind === 'value' && within.kind === 'value') return attempt(() => OPERATORS.isIn(of.value, within.value));
  return { kind: 'residual', expr: { op: 'in', left: toExpr(of), right: toExpr(within) } };
}

function typeOfUnknown(expr: Expr, known: Known): string | undefined {
  if (expr.op !== 'variable') return undefined;
  const part = known[expr.name];
  return 'unknown' in part ? (part as UnknownPart).type : undefined;
}

/** Whether one side is an unknown of a known type and the other an entity of another. */
function differInType(left: Expr, right: Expr, known: Known): boolean {
  const typeOf = (expr: Expr): string | undefined => {
    if (expr.op === 'entity') return expr.uid.type;
    const part = expr.op === 'variable' ? known[expr.name] : undefined;
    return part instanceof Entity ? part.type : typeOfUnknown(expr, known);
  };
  const [a, b] = [typeOf(left), typeOf(right)];
  return a !== undefined && b !== undefined && a !== b;
}
