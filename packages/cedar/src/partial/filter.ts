import { CedarError } from '../errors.js';
import type { Expr } from '../policy/ast.js';
import { printExpr } from '../policy/print.js';
import type { EntityUid } from '../values/uid.js';
import { Entity, SetValue, type Value } from '../values/value.js';
import { valueToJson } from '../values/write-value.js';
import { FAILS } from './reduce.js';
import type { Residual } from './residual.js';

/**
 * A residual over one unknown entity as a tree that can be put into a database's language. A leaf is one test of an
 * attribute (`path`, from the entity; empty for the entity itself). A leaf matches when the attribute is there, has a
 * type that the test is about, and the test comes out as `is`; so a missing attribute never matches, with either `is`.
 */
export type Filter =
  | { readonly op: 'true' | 'false' }
  | { readonly op: 'and' | 'or'; readonly of: readonly Filter[] }
  | { readonly op: 'not'; readonly of: Filter }
  | FilterTest;

export type FilterTest = { readonly path: readonly string[]; readonly is: boolean } & (
  | { readonly op: '==' | '<' | '<='; readonly value: unknown }
  /** The value is less than, or at most, the attribute. */
  | { readonly op: '>' | '>='; readonly value: unknown }
  | { readonly op: 'has'; readonly attribute: string }
  | { readonly op: 'is'; readonly entityType: string }
  | { readonly op: 'like'; readonly pattern: readonly string[] }
  | { readonly op: 'isEmpty' }
  /** The attribute is a bool. */
  | { readonly op: 'bool' }
  /** The attribute is a set that holds the value, or all, or any of the values. */
  | { readonly op: 'contains' | 'containsAll' | 'containsAny'; readonly value: unknown }
  /** The attribute is one of the values. */
  | { readonly op: 'oneOf'; readonly values: readonly unknown[] }
  /** The attribute is an entity that is one of these, or in one of these. */
  | { readonly op: 'in'; readonly entities: readonly EntityUid[] }
  /** The attribute is an entity, or a set of entities, and has one of these in it. */
  | { readonly op: 'reaches'; readonly entities: readonly EntityUid[] }
  /** Something that has no form here, in Cedar syntax. A translator that cannot evaluate it refuses the filter. */
  | { readonly op: 'cedar'; readonly expression: string; readonly expr: Expr }
);

/**
 * The filter of a residual whose resource (or principal, or action) is unknown: it matches exactly the entities with
 * which the request is allowed.
 *
 * @throws {CedarError} `request` when not exactly one part of the request was unknown
 */
export function filterOf(residual: Residual): Filter {
  const { principal, action, resource, context } = residual.known;
  if ([principal, action, resource].filter((part) => 'unknown' in part).length !== 1 || 'unknown' in context) {
    throw new CedarError('request', 'a filter is of a residual with exactly one unknown');
  }
  const of = (effect: 'permit' | 'forbid'): Filter[] =>
    residual.policies
      .filter((policy) => policy.effect === effect)
      .map(({ condition }) => (condition === true ? TRUE : becomes(condition, true)));
  return and([or(of('permit')), not(or(of('forbid')))]);
}

const TRUE: Filter = { op: 'true' };
const FALSE: Filter = { op: 'false' };

/** What must hold for the expression to have this value, and no error. */
function becomes(expr: Expr, wanted: boolean): Filter {
  if (expr === FAILS) return FALSE;
  switch (expr.op) {
    case 'value':
      return expr.value === wanted ? TRUE : FALSE;
    case '!':
      return becomes(expr.arg, !wanted);
    case '&&':
    case '||': {
      // With `&&` and `||` exchanged, the rule for false is the rule for true.
      const left = (value: boolean): Filter => becomes(expr.left, value);
      const right = becomes(expr.right, wanted);
      const both = wanted === (expr.op === '&&');
      return both ? and([left(wanted), right]) : or([left(wanted), and([left(!wanted), right])]);
    }
    case 'if':
      return or([
        and([becomes(expr.test, true), becomes(expr.yes, wanted)]),
        and([becomes(expr.test, false), becomes(expr.no, wanted)]),
      ]);
    case '!=':
      return becomes({ op: '==', left: expr.left, right: expr.right }, !wanted);
    default:
      return leaf(expr, wanted);
  }
}

function leaf(expr: Expr, is: boolean): Filter {
  const test = testOf(expr);
  return test === undefined
    ? { op: 'cedar', path: [], is, expression: printResidual(expr), expr }
    : ({ ...test, is } as FilterTest);
}

/** A residual can hold entities and sets as values, which Cedar's text has no literal for. */
function printResidual(expr: Expr): string {
  try {
    return printExpr(expr);
  } catch {
    return '';
  }
}

type Test = FilterTest extends infer T ? (T extends FilterTest ? Omit<T, 'is'> : never) : never;

function testOf(expr: Expr): Test | undefined {
  switch (expr.op) {
    case 'get':
    case 'variable': {
      const path = pathOf(expr);
      return path && path.length > 0 ? { op: 'bool', path } : undefined;
    }
    case 'has': {
      const path = pathOf(expr.of);
      const [attribute, ...more] = expr.path;
      return path && attribute !== undefined && more.length === 0 ? { op: 'has', path, attribute } : undefined;
    }
    case 'like': {
      const path = pathOf(expr.of);
      return path && { op: 'like', path, pattern: expr.pattern };
    }
    case 'isEmpty': {
      const path = pathOf(expr.arg);
      return path && { op: 'isEmpty', path };
    }
    case 'is': {
      const path = pathOf(expr.of);
      return path && expr.within === undefined ? { op: 'is', path, entityType: expr.entityType } : undefined;
    }
    case '==':
      return compared('==', '==', expr);
    case '<':
      return compared('<', '>', expr);
    case '<=':
      return compared('<=', '>=', expr);
    case '>':
      return compared('>', '<', expr);
    case '>=':
      return compared('>=', '<=', expr);
    case 'in':
      return reach(expr);
    case 'contains': {
      const [inSet, inAttribute] = [constantOf(expr.left), pathOf(expr.left)];
      const value = constantOf(expr.right);
      if (inAttribute && value !== undefined) return { op: 'contains', path: inAttribute, value: valueToJson(value) };
      const path = pathOf(expr.right);
      return path && inSet instanceof SetValue ? { op: 'oneOf', path, values: [...inSet].map(valueToJson) } : undefined;
    }
    case 'containsAll':
    case 'containsAny': {
      const path = pathOf(expr.left);
      const value = constantOf(expr.right);
      return path && value instanceof SetValue ? { op: expr.op, path, value: valueToJson(value) } : undefined;
    }
    default:
      return undefined;
  }
}

function compared(
  op: '==' | '<' | '<=' | '>' | '>=',
  turned: '==' | '<' | '<=' | '>' | '>=',
  { left, right }: { readonly left: Expr; readonly right: Expr },
): Test | undefined {
  const [path, value] = [pathOf(left), constantOf(right)];
  if (path && value !== undefined) return { op, path, value: valueToJson(value) } as Test;
  const [path2, value2] = [pathOf(right), constantOf(left)];
  return path2 && value2 !== undefined ? ({ op: turned, path: path2, value: valueToJson(value2) } as Test) : undefined;
}

function reach({ left, right }: { readonly left: Expr; readonly right: Expr }): Test | undefined {
  const [path, target] = [pathOf(left), constantOf(right)];
  if (path && target instanceof Entity) return { op: 'in', path, entities: [uidOf(target)] };
  if (path && target instanceof SetValue) {
    const members = [...target];
    return members.every((member) => member instanceof Entity)
      ? { op: 'in', path, entities: members.map(uidOf) }
      : undefined;
  }
  const [known, path2] = [constantOf(left), pathOf(right)];
  if (!(known instanceof Entity) || path2 === undefined) return undefined;
  return { op: 'reaches', path: path2, entities: [known, ...known.ancestors].map(uidOf) };
}

/** The attributes from the unknown to an expression. Only one part of a residual's request is unknown. */
function pathOf(expr: Expr): string[] | undefined {
  if (expr.op === 'variable') return [];
  if (expr.op !== 'get') return undefined;
  const path = pathOf(expr.of);
  return path && [...path, expr.attribute];
}

function constantOf(expr: Expr): Value | undefined {
  return expr.op === 'value' ? expr.value : undefined;
}

function uidOf({ type, id }: EntityUid): EntityUid {
  return { type, id };
}

function and(parts: readonly Filter[]): Filter {
  if (parts.some(({ op }) => op === 'false')) return FALSE;
  const of = parts.filter(({ op }) => op !== 'true');
  return of.length === 0 ? TRUE : of.length === 1 ? (of[0] as Filter) : { op: 'and', of };
}

function or(parts: readonly Filter[]): Filter {
  if (parts.some(({ op }) => op === 'true')) return TRUE;
  const of = parts.filter(({ op }) => op !== 'false');
  return of.length === 0 ? FALSE : of.length === 1 ? (of[0] as Filter) : { op: 'or', of };
}

function not(filter: Filter): Filter {
  if (filter.op === 'true') return FALSE;
  return filter.op === 'false' ? TRUE : { op: 'not', of: filter };
}
