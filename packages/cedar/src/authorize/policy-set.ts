import type { Entities } from '../entities/entities.js';
import { CedarError } from '../errors.js';
import { conditionOf } from '../evaluate/condition.js';
import { type Environment, NameTable } from '../evaluate/environment.js';
import { nameEntities } from '../evaluate/names.js';
import { OPERATORS } from '../evaluate/operators.js';
import type { Policy } from '../policy/ast.js';
import type { Schema } from '../schema/schema.js';
import { finish, type Steps } from '../steps.js';
import { EvaluationFailure } from '../values/failure.js';
import { ValueReader } from '../values/read-value.js';
import { type EntityUid, outsideEnumeration } from '../values/uid.js';
import { Entity, type RecordValue, type Value } from '../values/value.js';
import { CompiledPolicy, type CompilerOptions } from './compiled-policy.js';
import { ScopeIndex } from './scope-index.js';

/** A value in Cedar's JSON data format (Cedar reference, "Entities and context in JSON"). Integers past 2^53 are `bigint`. */
export type CedarJson = boolean | number | bigint | string | readonly CedarJson[] | CedarJsonObject;
export interface CedarJsonObject {
  readonly [key: string]: CedarJson;
}

/** A request (Cedar reference, "Authorization"). A part that is an {@link Entity} is taken as it is, attributes and all. */
export interface Request {
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  readonly context?: CedarJsonObject;
}

export interface PolicyFailure {
  readonly policyId: string;
  readonly message: string;
}

export interface Response {
  readonly decision: 'allow' | 'deny';
  /** The ids of the policies that determined the decision, in the order of the set; none when nothing permitted. */
  readonly reasons: string[];
  /** The policies that could not be evaluated. Cedar skips those; a caller that fails closed looks at this. */
  readonly errors: PolicyFailure[];
  /** Whether a permit applied, whatever the forbids say: a denial with this is one that only forbids made. */
  readonly permitted: boolean;
}

/** What is known of a policy from its text. */
export interface PolicyInfo {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly annotations: Readonly<Record<string, string>>;
  /** What its scope says of the action. */
  readonly action: Policy['action'];
  readonly resource: Policy['resource'];
}

/** A policy set as one store sees it. */
interface Bound {
  /** The store's objects for the uids that policies name. */
  readonly named: readonly Value[];
  readonly index: ScopeIndex<CompiledPolicy> | undefined;
  revision: number;
}

/** Below 24 policies, evaluating each is cheaper than finding which to evaluate. */
export const DEFAULT_OPTIONS: CompilerOptions = { operators: OPERATORS, backend: 'generated', indexFrom: 24 };
const NOTHING: RecordValue = new Map();

/** A compiled policy set. Made by {@link compile}. Immutable; use one for as many stores and requests as you like. */
export class PolicySet {
  private readonly compiled: CompiledPolicy[] = [];
  private readonly table = new NameTable();
  private readonly bound = new WeakMap<Entities, Bound>();
  private readonly infos = new Map<string, Policy>();
  private isNamed = false;
  private decisions = 0;

  private constructor(
    private readonly isIndexed: boolean,
    readonly schema: Schema | undefined,
    private readonly options: CompilerOptions,
  ) {}

  /** Makes a set of policies that were read. Use {@link compile}. @throws {CedarError} `policy` if two have one id */
  static of(policies: readonly Policy[], schema: Schema | undefined, options = DEFAULT_OPTIONS): PolicySet {
    return finish(PolicySet.assembling(policies, schema, options));
  }

  /** Makes it step by step, for a caller that does other work in between. @throws {CedarError} as {@link of} */
  static *assembling(
    policies: readonly Policy[],
    schema: Schema | undefined,
    options = DEFAULT_OPTIONS,
  ): Steps<PolicySet> {
    const set = new PolicySet(policies.length >= options.indexFrom, schema, options);
    for (const policy of policies) {
      set.add(policy);
      yield;
    }
    return set;
  }

  private add(policy: Policy): void {
    if (this.infos.has(policy.id)) {
      throw new CedarError('policy', `two policies have the id \`${policy.id}\``, {
        policyId: policy.id,
        help: 'give each its own @id',
      });
    }
    this.infos.set(policy.id, policy);
    const { compiled, table, options, isIndexed } = this;
    compiled.push(new CompiledPolicy(policy, compiled.length, table, options, isIndexed));
  }

  /** The policies, by id. */
  get policies(): ReadonlyMap<string, PolicyInfo> {
    return this.infos;
  }

  /** The policies as plain data, in order. */
  get asts(): Iterable<Policy> {
    return this.infos.values();
  }

  /**
   * Decides. Never throws for a policy that fails: that is an entry of `errors`.
   *
   * @throws {CedarError} `request` when the request is malformed or its context does not fit the schema
   * @example
   * policies.isAuthorized({ principal: { type: 'User', id: 'ana' }, action: { type: 'Action', id: 'view' },
   *   resource: { type: 'Photo', id: '1' }, context: {} }, entities).decision // 'allow'
   */
  isAuthorized(request: Request, entities: Entities): Response {
    return this.evaluate(this.environment(request, entities), entities);
  }

  /** The environment of a request: entities found, context read (under the action's declared type if there is one). */
  environment(request: Request, entities: Entities): Environment {
    const { principal, action, resource, context } = request;
    this.refuseOutsideEnumeration(principal, 'principal');
    this.refuseOutsideEnumeration(resource, 'resource');
    return {
      principal: find(principal, 'principal', entities),
      action: find(action, 'action', entities),
      resource: find(resource, 'resource', entities),
      context: this.readContext(action, context, entities),
    };
  }

  private refuseOutsideEnumeration(uid: EntityUid, part: string): void {
    if (this.schema?.isOutsideEnumeration(uid) !== true) return;
    throw new CedarError('request', `${part}: ${outsideEnumeration(uid)}`, { path: part });
  }

  private readContext(action: EntityUid, context: CedarJsonObject | undefined, entities: Entities): RecordValue {
    const type = this.schema?.action(action)?.context;
    if (type === undefined && isEmpty(context)) return NOTHING;
    const strangers = new Map<string, Entity>();
    const reader = new ValueReader('request', (uid) => {
      const resident = entities.get(uid);
      if (resident !== undefined) return resident;
      const key = `${uid.type.length}:${uid.type}${uid.id}`;
      const stranger = strangers.get(key) ?? new Entity(uid.type, uid.id);
      strangers.set(key, stranger);
      return stranger;
    });
    return reader.record(context ?? {}, type, 'context');
  }

  /** Decides in an environment that {@link environment} made, perhaps with another principal or resource. */
  evaluate(env: Environment, entities: Entities): Response {
    const bound = this.bind(entities);
    const candidates = bound.index === undefined ? this.compiled : indexed(bound.index, env, entities);
    let permits: CompiledPolicy[] | undefined;
    let forbids: CompiledPolicy[] | undefined;
    let errors: PolicyFailure[] | undefined;
    this.decisions += 1;
    for (const policy of candidates) {
      if (policy.seen === this.decisions) continue;
      policy.seen = this.decisions;
      try {
        if (!policy.appliesAsFound(env, bound.named)) continue;
        if (policy.isForbid) {
          forbids ??= [];
          forbids.push(policy);
        } else {
          permits ??= [];
          permits.push(policy);
        }
      } catch (error) {
        errors ??= [];
        errors.push({ policyId: policy.id, message: failureMessage(error) });
      }
    }
    const determining = forbids ?? permits;
    return {
      decision: forbids === undefined && permits !== undefined ? 'allow' : 'deny',
      reasons: determining === undefined ? [] : idsOf(determining),
      errors: errors ?? [],
      permitted: permits !== undefined,
    };
  }

  /** The policies that can apply to a request of which some parts are known, in no order. For this package's own use. */
  candidates(
    known: Partial<Pick<Environment, 'principal' | 'action' | 'resource'>>,
    entities: Entities,
  ): readonly CompiledPolicy[] {
    const { index } = this.bind(entities);
    return index === undefined ? this.compiled : [...new Set(indexed(index, known, entities))];
  }

  /** A store's objects for the names that the policies have in them. For this package's own use. */
  namedIn(entities: Entities): readonly Value[] {
    return this.bind(entities).named;
  }

  private bind(entities: Entities): Bound {
    let bound = this.bound.get(entities);
    if (bound === undefined) {
      bound = this.bindAnew(entities);
    } else if (bound.revision !== entities.revision) {
      bound.index?.forget();
      bound.revision = entities.revision;
    }
    return bound;
  }

  /**
   * Prepares everything that the first decision over a store would, and the conditions of all policies, step by step. The store may
   * change in between.
   */
  *binding(entities: Entities): Steps<void> {
    yield* this.preparing(entities, true);
  }

  private bindAnew(entities: Entities): Bound {
    return finish(this.preparing(entities, false));
  }

  private *preparing(entities: Entities, isCompiled: boolean): Steps<Bound> {
    const index = this.isIndexed ? new ScopeIndex<CompiledPolicy>((uid) => entities.intern(uid)) : undefined;
    // All parts of one policy in a row: a policy may have to be read for it.
    for (const item of this.compiled) {
      // The names are the same for every store.
      if (!this.isNamed) nameEntities(conditionOf(item.policy), this.table);
      if (isCompiled) item.compile();
      index?.add(item.policy, item);
      yield;
    }
    this.isNamed = true;
    const named = yield* this.table.resolving(entities);
    const bound: Bound = { named, index, revision: entities.revision };
    this.bound.set(entities, bound);
    return bound;
  }
}

function isEmpty(context: CedarJsonObject | undefined): boolean {
  if (context === undefined) return true;
  if (typeof context !== 'object' || context === null || Array.isArray(context)) return false;
  for (const _name in context) return false;
  return true;
}

function find(uid: EntityUid, part: string, entities: Entities): Entity {
  if (uid instanceof Entity) return uid;
  if (typeof uid?.type !== 'string' || typeof uid.id !== 'string') {
    throw new CedarError('request', `${part}: an entity is { type, id }, both strings`, { path: part });
  }
  return entities.get(uid) ?? new Entity(uid.type, uid.id);
}

function indexed(
  index: ScopeIndex<CompiledPolicy>,
  { principal, action, resource }: Partial<Pick<Environment, 'principal' | 'action' | 'resource'>>,
  entities: Entities,
): CompiledPolicy[] {
  const found: CompiledPolicy[] = [];
  const [of, by, on] = [residentOf(principal, entities), residentOf(action, entities), residentOf(resource, entities)];
  index.find(of, by, on, found);
  // What is in more than the store says is found by what it is, and by what it is in.
  const isOfElsewhere = isElsewhere(principal, of);
  if (isOfElsewhere) index.find(principal, by, on, found);
  if (isElsewhere(resource, on)) {
    index.find(of, by, resource, found);
    if (isOfElsewhere) index.find(principal, by, resource, found);
  }
  return found;
}

/** The order of the set. */
export function byOrder(a: CompiledPolicy, b: CompiledPolicy): number {
  return a.order - b.order;
}

function idsOf(policies: CompiledPolicy[]): string[] {
  const [first, ...more] = policies;
  if (more.length === 0) return [(first as CompiledPolicy).id];
  return policies.sort(byOrder).map(({ id }) => id);
}

/** The store's own object for an entity that a request made a copy of: the index knows only those. */
function residentOf(entity: Entity | undefined, entities: Entities): Entity | undefined {
  return entity === undefined || entity.canonical ? entity : (entities.get(entity) ?? entity);
}

/** Whether a copy is in something else than the store's own object. */
function isElsewhere(copy: Entity | undefined, own: Entity | undefined): boolean {
  return copy !== own && copy?.ancestors !== own?.ancestors && copy?.ancestors.size !== 0;
}

function failureMessage(error: unknown): string {
  if (error instanceof EvaluationFailure) return error.message;
  if (error instanceof RangeError) return 'the expression nests too deep to evaluate';
  throw error;
}
