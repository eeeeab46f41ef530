import { compileLike } from '../evaluate/like.js';
import { OPERATORS } from '../evaluate/operators.js';
import type { Expr } from '../policy/ast.js';
import { EvaluationFailure } from '../values/failure.js';
import { ValueReader } from '../values/read-value.js';
import type { EntityUid } from '../values/uid.js';
import { Entity, type Value } from '../values/value.js';
import type { Filter, FilterTest } from './filter.js';

/** Evaluates what has no form in a filter, for one entity. */
export type EvaluateCedar = (expr: Expr, entity: Entity) => Value;

/**
 * Whether an entity matches: what a translation into another language must agree with.
 *
 * @param cedar evaluates leaves that are Cedar expressions; without it, a filter with one is a `TypeError`
 */
export function matchesFilter(filter: Filter, entity: Entity, cedar?: EvaluateCedar): boolean {
  switch (filter.op) {
    case 'true':
      return true;
    case 'false':
      return false;
    case 'and':
      return filter.of.every((part) => matchesFilter(part, entity, cedar));
    case 'or':
      return filter.of.some((part) => matchesFilter(part, entity, cedar));
    case 'not':
      return !matchesFilter(filter.of, entity, cedar);
    default:
      try {
        return runTest(filter, entity, cedar) === filter.is;
      } catch (error) {
        if (error instanceof EvaluationFailure || error instanceof RangeError) return false;
        throw error;
      }
  }
}

function runTest(test: FilterTest, entity: Entity, cedar: EvaluateCedar | undefined): boolean {
  if (test.op === 'cedar') {
    if (cedar === undefined) throw new TypeError(`the filter has a Cedar expression in it: ${test.expression}`);
    return OPERATORS.bool(cedar(test.expr, entity));
  }
  const at = test.path.reduce<Value>((value, name) => OPERATORS.get(value, name), entity);
  switch (test.op) {
    case '==':
      return OPERATORS.equal(at, readValue(test.value));
    case '<':
      return OPERATORS.less(at, readValue(test.value));
    case '<=':
      return OPERATORS.lessOrEqual(at, readValue(test.value));
    case '>':
      return OPERATORS.less(readValue(test.value), at);
    case '>=':
      return OPERATORS.lessOrEqual(readValue(test.value), at);
    case 'has':
      return OPERATORS.has(at, test.attribute);
    case 'is':
      return OPERATORS.hasType(at, test.entityType);
    case 'like':
      return OPERATORS.like(at, compileLike(test.pattern));
    case 'isEmpty':
      return OPERATORS.isEmpty(at);
    case 'bool':
      return OPERATORS.bool(at);
    case 'contains':
    case 'containsAll':
    case 'containsAny':
      return OPERATORS[test.op](at, readValue(test.value));
    case 'oneOf':
      return OPERATORS.contains(OPERATORS.set(test.values.map(readValue)), at);
    case 'in':
      return OPERATORS.isIn(at, OPERATORS.set(test.entities.map(named)));
    case 'reaches': {
      const group = new Entity('', '');
      group.ancestors = new Set(test.entities.map(named));
      return OPERATORS.isIn(group, at);
    }
  }
}

function readValue(json: unknown): Value {
  return new ValueReader('request', named).value(json, undefined, 'value');
}

function named(uid: EntityUid): Entity {
  return new Entity(uid.type, uid.id);
}
