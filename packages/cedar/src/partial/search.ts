import { CompiledCondition, type CompiledPolicy } from '../authorize/compiled-policy.js';
import { DEFAULT_OPTIONS, type PolicySet } from '../authorize/policy-set.js';
import type { Entities } from '../entities/entities.js';
import { CedarError } from '../errors.js';
import { type Environment, NameTable } from '../evaluate/environment.js';
import { nameEntities } from '../evaluate/names.js';
import type { Expr } from '../policy/ast.js';
import { EvaluationFailure } from '../values/failure.js';
import type { EntityUid } from '../values/uid.js';
import { Entity, type RecordValue, SetValue, type Value } from '../values/value.js';
import { type Known, reduce } from './reduce.js';
import { conjunctsOf, entitiesOf, knownOf, type PartialRequest } from './residual.js';

type Part = 'principal' | 'action' | 'resource';

/**
 * Which resident entities of a type, put in the place of the one unknown, are allowed. What can be decided without the
 * unknown is decided once; where a policy narrows the unknown down (to a group, to the members of a set), it is tried on
 * those entities alone.
 *
 * @returns uids, in no particular order
 * @throws {CedarError} `request` when not exactly one part is unknown, or its type is not given
 * @example
 * search(policies, { principal: { type: 'User', id: 'ana' }, action: { type: 'Action', id: 'view' },
 *   resource: { unknown: true, type: 'Photo' } }, entities) // [{ type: 'Photo', id: '1' }]
 */
export function search(policies: PolicySet, request: PartialRequest, entities: Entities): EntityUid[] {
  return [...searchEach(policies, request, entities)].filter((found) => found !== undefined);
}

/**
 * {@link search}, one candidate at a time, so that a caller can stop early, and let other work run between two.
 *
 * @returns for each candidate its uid, or undefined when it is not allowed
 */
export function searchEach(
  policies: PolicySet,
  request: PartialRequest,
  entities: Entities,
): Generator<EntityUid | undefined, void, undefined> {
  const { part, type } = unknownOf(request);
  const known = knownOf(policies, request, entities);
  const searcher = new Searcher(policies, known, part, type, entities);
  const [permits, forbids] = [new Applicable(), new Applicable()];
  for (const policy of policies.candidates(entitiesOf(known), entities)) {
    searcher.sort(policy, policy.isForbid ? forbids : permits);
  }
  return tryEach(searcher.environment(), part, permits.candidates(entities.ofType(type)), permits, forbids);
}

function* tryEach(
  env: MutableEnvironment,
  part: Part,
  candidates: Iterable<Entity>,
  permits: Applicable,
  forbids: Applicable,
): Generator<EntityUid | undefined, void, undefined> {
  for (const candidate of candidates) {
    env[part] = candidate;
    const isAllowed = permits.some(candidate, env) && !forbids.some(candidate, env);
    yield isAllowed ? { type: candidate.type, id: candidate.id } : undefined;
  }
}

type Test = (env: Environment) => boolean;
type MutableEnvironment = { -readonly [K in keyof Environment]: Environment[K] };

/** The policies of one effect: those that can apply to any candidate, and those that can apply to some. */
class Applicable {
  readonly toAny: Test[] = [];
  readonly toSome = new Map<Entity, Test[]>();

  candidates(all: Iterable<Entity>): Iterable<Entity> {
    return this.toAny.length > 0 ? all : this.toSome.keys();
  }

  some(candidate: Entity, env: Environment): boolean {
    return (
      this.toAny.some((applies) => applies(env)) ||
      (this.toSome.get(candidate)?.some((applies) => applies(env)) ?? false)
    );
  }
}

/** From how many candidates on it pays to compile what is left of a policy. */
const MANY = 500;

class Searcher {
  private readonly named: readonly Value[];
  private readonly isLarge: boolean;

  constructor(
    policies: PolicySet,
    private readonly known: Known,
    private readonly part: Part,
    private readonly type: string,
    private readonly entities: Entities,
  ) {
    this.named = policies.namedIn(entities);
    let n = 0;
    for (const _entity of entities.ofType(type)) if (++n > MANY) break;
    this.isLarge = n > MANY;
  }

  environment(): MutableEnvironment {
    const nobody = new Entity('', '');
    const fill = (name: Part): Entity => (this.known[name] instanceof Entity ? (this.known[name] as Entity) : nobody);
    return {
      principal: fill('principal'),
      action: fill('action'),
      resource: fill('resource'),
      context: this.known.context as RecordValue,
    };
  }

  /** Puts a policy where it belongs; nowhere, when it applies to nothing. */
  sort(policy: CompiledPolicy, into: Applicable): void {
    const whole: Test = (env) => attempt(() => policy.applies(env, this.named));
    const byScope = this.scopeOf(policy);
    if (byScope !== undefined) {
      for (const some of byScope) this.addTo(into, some, whole);
      return;
    }
    const reduced = reduce(policy.condition, this.known, this.entities);
    if (reduced.kind === 'failure') return;
    if (reduced.kind === 'value') {
      if (reduced.value === true) into.toAny.push(() => true);
      return;
    }
    const some = narrowedBy(reduced.expr, this.part, this.entities);
    if (some !== undefined) this.addTo(into, some, whole);
    else into.toAny.push(this.isLarge ? this.compile(reduced.expr) : whole);
  }

  private addTo({ toSome }: Applicable, some: Iterable<Entity>, test: Test): void {
    for (const entity of some) {
      if (entity.type !== this.type || !entity.exists) continue;
      const tests = toSome.get(entity);
      if (tests === undefined) toSome.set(entity, [test]);
      else tests.push(test);
    }
  }

  /** The entities that the policy's scope names for the unknown, and those below them. */
  private scopeOf({ policy }: CompiledPolicy): Iterable<Entity>[] | undefined {
    if (this.part === 'action') return undefined;
    const scope = policy[this.part];
    const target = scope.op === '==' || scope.op === 'in' ? scope.target : scope.op === 'is' ? scope.within : undefined;
    if (target === undefined || 'slot' in target) return undefined;
    const entity = this.entities.get(target.uid);
    if (entity === undefined) return [];
    return scope.op === '==' ? [[entity]] : [[entity], this.entities.descendants(entity)];
  }

  private compile(expr: Expr): Test {
    const table = new NameTable();
    nameEntities(expr, table);
    const named = table.resolve(this.entities);
    const condition = new CompiledCondition(() => expr, table, DEFAULT_OPTIONS);
    return (env) => attempt(() => condition.holds(env, named));
  }
}

/** A policy that fails does not apply. */
function attempt(apply: () => boolean): boolean {
  try {
    return apply();
  } catch (error) {
    if (error instanceof EvaluationFailure || error instanceof RangeError) return false;
    throw error;
  }
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
    given.type === undefined ||
    request.context === 'unknown'
  ) {
    throw new CedarError('request', 'a search has exactly one unknown, and its type', {
      help: 'for example resource: { unknown: true, type: "Photo" }',
    });
  }
  return { part, type: given.type };
}

/** The entities that one of the conjuncts leaves; undefined when none narrows the unknown down. */
function narrowedBy(condition: Expr, part: Part, entities: Entities): Set<Entity> | undefined {
  let best: Set<Entity> | undefined;
  for (const conjunct of conjunctsOf(condition)) {
    const found = leftBy(conjunct, part, entities);
    if (found !== undefined && (best === undefined || found.size < best.size)) best = found;
  }
  return best;
}

function leftBy(conjunct: Expr, part: Part, entities: Entities): Set<Entity> | undefined {
  const isUnknown = (expr: Expr): boolean => expr.op === 'variable' && expr.name === part;
  const constant = (expr: Expr): Value | undefined => (expr.op === 'value' ? expr.value : undefined);
  if (conjunct.op === '||') {
    const [left, right] = [leftBy(conjunct.left, part, entities), leftBy(conjunct.right, part, entities)];
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
    return value instanceof SetValue ? new Set(entityMembers(value)) : undefined;
  }
  return undefined;
}

/** The members of a set that are entities. */
function entityMembers(set: SetValue): Entity[] {
  return [...set].filter((member) => member instanceof Entity);
}
