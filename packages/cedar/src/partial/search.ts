import type { PolicySet } from '../authorize/policy-set.js';
import type { Entities } from '../entities/entities.js';
import { CedarError } from '../errors.js';
import { compileClosure } from '../evaluate/closures.js';
import { type Environment, NameTable } from '../evaluate/environment.js';
import { CAN_GENERATE, generate, shapeOf } from '../evaluate/generate.js';
import { OPERATORS } from '../evaluate/operators.js';
import type { Expr } from '../policy/ast.js';
import { Entity, type EntityUid } from '../values/entity.js';
import { EvaluationFailure } from '../values/failure.js';
import { SetValue } from '../values/set.js';
import type { Value } from '../values/value.js';
import { conjunctsOf, type PartialRequest, partiallyAuthorize, type Residual } from './residual.js';

type Part = 'principal' | 'action' | 'resource';

/**
 * Which resident entities of a type, put in the place of the one unknown, are allowed. What can be decided without the
 * unknown is decided once; where policies narrow the unknown down (to a group, to the members of a set), only those
 * entities are looked at.
 *
 * @returns uids in the order of the store
 * @throws {CedarError} `request` when not exactly one part is unknown, or its type is not given
 * @example
 * search(policies, { principal: { type: 'User', id: 'ana' }, action: { type: 'Action', id: 'view' },
 *   resource: { unknown: true, type: 'Photo' } }, entities) // [{ type: 'Photo', id: '1' }, …]
 */
export function search(policies: PolicySet, request: PartialRequest, entities: Entities): EntityUid[] {
  const { part, type } = unknownOf(request);
  const residual = partiallyAuthorize(policies, request, entities);
  if (residual.decision === 'deny') return [];
  const isAllowed = testOf(residual, part, entities);
  const found: EntityUid[] = [];
  for (const candidate of candidatesOf(residual, part, type, entities)) {
    if (isAllowed(candidate)) found.push({ type: candidate.type, id: candidate.id });
  }
  return found;
}

function unknownOf(request: PartialRequest): { part: Part; type: string } {
  const unknown = (['principal', 'action', 'resource'] as const).filter((part) => 'unknown' in request[part]);
  const [part] = unknown;
  const given = part === undefined ? undefined : request[part];
  if (
    unknown.length !== 1 ||
    part === undefined ||
    given === undefined ||
    !('unknown' in given) ||
    given.type === undefined
  ) {
    throw new CedarError('request', 'a search has exactly one unknown, and its type', {
      help: 'for example resource: { unknown: true, type: "Photo" }',
    });
  }
  return { part, type: given.type };
}

/** Whether the request is allowed with an entity in the place of the unknown. */
function testOf(residual: Residual, part: Part, entities: Entities): (candidate: Entity) => boolean {
  const of = (effect: 'permit' | 'forbid') =>
    residual.policies.filter((policy) => policy.effect === effect).map(({ condition }) => compile(condition, entities));
  const [permits, forbids] = [of('permit'), of('forbid')];
  const nobody = new Entity('', '');
  const fill = (name: Part): Entity =>
    residual.known[name] instanceof Entity ? (residual.known[name] as Entity) : nobody;
  const env = {
    principal: fill('principal'),
    action: fill('action'),
    resource: fill('resource'),
    context: residual.known.context,
  };
  return (candidate) => {
    env[part] = candidate;
    return permits.some((applies) => applies(env)) && !forbids.some((applies) => applies(env));
  };
}

function compile(condition: Expr | true, entities: Entities): (env: Environment) => boolean {
  if (condition === true) return () => true;
  const table = new NameTable();
  const shape = CAN_GENERATE ? shapeOf(condition, table) : undefined;
  const closure = shape === undefined ? compileClosure(condition, table, OPERATORS) : undefined;
  const run = shape && generate(shape.code, OPERATORS);
  const named = table.resolve(entities);
  return (env) => {
    try {
      if (run !== undefined && shape !== undefined) {
        return run(env.principal, env.action, env.resource, env.context, shape.constants, named);
      }
      return OPERATORS.bool((closure as NonNullable<typeof closure>)(env, named));
    } catch (error) {
      // A policy that fails does not apply.
      if (error instanceof EvaluationFailure || error instanceof RangeError) return false;
      throw error;
    }
  };
}

/** The entities that a permit could apply to: all of the type, unless every permit narrows it down. */
function candidatesOf(residual: Residual, part: Part, type: string, entities: Entities): Iterable<Entity> {
  const narrowed = new Set<Entity>();
  for (const { effect, condition } of residual.policies) {
    if (effect === 'forbid') continue;
    const some = condition === true ? undefined : narrowedBy(condition, part, entities);
    if (some === undefined) return entities.ofType(type);
    for (const entity of some) if (entity.type === type && entity.exists) narrowed.add(entity);
  }
  return inStoreOrder(narrowed, type, entities);
}

/** Few are taken as they are found and put in order; many are cheaper to pick out in passing. */
function inStoreOrder(some: ReadonlySet<Entity>, type: string, entities: Entities): Iterable<Entity> {
  if (some.size <= 1) return some;
  const order = [...entities.ofType(type)];
  return order.filter((entity) => some.has(entity));
}

/** The entities that one of the conjuncts leaves; undefined when none narrows the unknown down. */
function narrowedBy(condition: Expr, part: Part, entities: Entities): Set<Entity> | undefined {
  let best: Set<Entity> | undefined;
  for (const conjunct of conjunctsOf(condition)) {
    const found = entitiesOf(conjunct, part, entities);
    if (found !== undefined && (best === undefined || found.size < best.size)) best = found;
  }
  return best;
}

function entitiesOf(conjunct: Expr, part: Part, entities: Entities): Set<Entity> | undefined {
  const isUnknown = (expr: Expr): boolean => expr.op === 'variable' && expr.name === part;
  const constant = (expr: Expr): Value | undefined => (expr.op === 'value' ? expr.value : undefined);
  if (conjunct.op === '||') {
    const [left, right] = [entitiesOf(conjunct.left, part, entities), entitiesOf(conjunct.right, part, entities)];
    return left && right && new Set([...left, ...right]);
  }
  if (conjunct.op === '==') {
    const value = isUnknown(conjunct.left)
      ? constant(conjunct.right)
      : isUnknown(conjunct.right)
        ? constant(conjunct.left)
        : undefined;
    return value instanceof Entity ? new Set([value]) : undefined;
  }
  if (conjunct.op === 'in' && isUnknown(conjunct.left)) {
    const value = constant(conjunct.right);
    const roots = value instanceof Entity ? [value] : value instanceof SetValue ? entityMembers(value) : undefined;
    if (roots === undefined) return undefined;
    const found = new Set<Entity>(roots);
    for (const root of roots) for (const below of entities.descendants(root)) found.add(below);
    return found;
  }
  if (conjunct.op === 'contains' && isUnknown(conjunct.right)) {
    const value = constant(conjunct.left);
    return value instanceof SetValue ? new Set(entityMembers(value) ?? []) : undefined;
  }
  return undefined;
}

/** The members of a set that are entities. */
function entityMembers(set: SetValue): Entity[] {
  return [...set].filter((member) => member instanceof Entity);
}
