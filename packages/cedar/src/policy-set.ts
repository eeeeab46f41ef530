import type { Entities } from './entities/entities.js';
import { CedarError } from './errors.js';
import { ConstantTable, compileExpr, type Environment, isIn } from './evaluate/compile-expr.js';
import type { ActionConstraint, Expr, Policy, ScopeConstraint, Target } from './policy/ast.js';
import type { Schema } from './schema/schema.js';
import { Entity, type EntityUid, sameUid } from './values/entity.js';
import { EvaluationFailure } from './values/failure.js';
import { ValueReader } from './values/read-value.js';
import type { RecordValue } from './values/value.js';

/** A request (Cedar reference, "Authorization"). `context` is in Cedar's JSON data format. */
export interface Request {
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  readonly context?: Readonly<Record<string, unknown>>;
}

export interface Response {
  readonly decision: 'allow' | 'deny';
  /** The ids of the policies that determined the decision; none when nothing permitted. */
  readonly reasons: string[];
  /** The policies that could not be evaluated. Cedar skips those; a caller that fails closed looks at this. */
  readonly errors: { readonly policyId: string; readonly message: string }[];
}

/** What is known of a policy from its text. */
export interface PolicyInfo {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly annotations: Readonly<Record<string, string>>;
}

interface CompiledPolicy extends PolicyInfo {
  readonly applies: (env: Environment) => boolean;
}

/** A compiled policy set. Made by {@link compile}. */
export class PolicySet {
  private readonly compiled: readonly CompiledPolicy[];
  private readonly table = new ConstantTable();
  private readonly bound = new WeakMap<Entities, readonly Entity[]>();
  private readonly infos: ReadonlyMap<string, PolicyInfo>;

  /** Use {@link compile}. */
  constructor(
    policies: readonly Policy[],
    readonly schema: Schema | undefined,
  ) {
    const infos = new Map<string, PolicyInfo>();
    for (const policy of policies) {
      if (infos.has(policy.id)) {
        throw new CedarError('policy', `two policies have the id \`${policy.id}\``, {
          policyId: policy.id,
          help: 'give each its own @id',
        });
      }
      infos.set(policy.id, policy);
    }
    this.infos = infos;
    this.compiled = policies.map((policy) => compilePolicy(policy, this.table));
  }

  /** The policies, by id. */
  get policies(): ReadonlyMap<string, PolicyInfo> {
    return this.infos;
  }

  /**
   * Decides. Never throws for a policy that fails: that is an entry of `errors`.
   *
   * @throws {CedarError} `request` when the context is malformed or does not fit the schema
   * @example
   * policies.isAuthorized({ principal: { type: 'User', id: 'ana' }, action: { type: 'Action', id: 'view' },
   *   resource: { type: 'Photo', id: '1' }, context: {} }, entities).decision // 'allow'
   */
  isAuthorized(request: Request, entities: Entities): Response {
    return this.evaluate(this.environment(request, entities));
  }

  /** The environment of a request: entities found, context read (under the action's declared type if there is one). */
  environment(request: Request, entities: Entities): Environment {
    const find = (uid: EntityUid): Entity => entities.get(uid) ?? new Entity(uid.type, uid.id);
    const reader = new ValueReader('request', find);
    for (const part of ['principal', 'action', 'resource'] as const) reader.uid(request[part], part);
    const type = this.schema?.action(request.action)?.context;
    const context: RecordValue = reader.record(request.context ?? {}, type, 'context');
    return {
      principal: find(request.principal),
      action: find(request.action),
      resource: find(request.resource),
      context,
      constants: this.constants(entities),
    };
  }

  /** Decides in an environment that {@link environment} made, perhaps with another principal. */
  evaluate(env: Environment): Response {
    const permits: string[] = [];
    const forbids: string[] = [];
    const errors: { policyId: string; message: string }[] = [];
    for (const policy of this.compiled) {
      try {
        if (policy.applies(env)) (policy.effect === 'permit' ? permits : forbids).push(policy.id);
      } catch (error) {
        errors.push({ policyId: policy.id, message: failureMessage(error) });
      }
    }
    if (forbids.length > 0) return { decision: 'deny', reasons: forbids, errors };
    return { decision: permits.length > 0 ? 'allow' : 'deny', reasons: permits, errors };
  }

  private constants(entities: Entities): readonly Entity[] {
    let constants = this.bound.get(entities);
    if (constants === undefined) {
      constants = this.table.uids.map((uid) => entities.intern(uid));
      this.bound.set(entities, constants);
    }
    return constants;
  }
}

function failureMessage(error: unknown): string {
  if (error instanceof EvaluationFailure) return error.message;
  if (error instanceof RangeError) return 'the expression nests too deep to evaluate';
  throw error;
}

function compilePolicy(policy: Policy, table: ConstantTable): CompiledPolicy {
  const scope = [
    compileScope('principal', policy.principal, table),
    compileAction(policy.action, table),
    compileScope('resource', policy.resource, table),
  ].filter((test) => test !== undefined);
  const conditions = policy.conditions.map(({ kind, body }) => compileExpr(guard(kind, body), table));
  return {
    id: policy.id,
    effect: policy.effect,
    annotations: policy.annotations,
    applies: (env) => {
      for (const test of scope) if (!test(env)) return false;
      for (const condition of conditions) if (condition(env) !== true) return false;
      return true;
    },
  };
}

/** A condition as Cedar joins it to the others: it must be a bool, and `unless` is its negation. */
function guard(kind: 'when' | 'unless', body: Expr): Expr {
  return kind === 'unless' ? { op: '!', arg: body } : { op: '&&', left: body, right: { op: 'value', value: true } };
}

type Test = (env: Environment) => boolean;

function compileScope(part: 'principal' | 'resource', scope: ScopeConstraint, table: ConstantTable): Test | undefined {
  switch (scope.op) {
    case 'all':
      return undefined;
    case '==': {
      const target = constant(scope.target, table);
      return (env) => sameUid(env[part], target(env));
    }
    case 'in': {
      const target = constant(scope.target, table);
      return (env) => isIn(env[part], target(env));
    }
    case 'is': {
      const { entityType, within } = scope;
      if (within === undefined) return (env) => env[part].type === entityType;
      const target = constant(within, table);
      return (env) => env[part].type === entityType && isIn(env[part], target(env));
    }
  }
}

function compileAction(scope: ActionConstraint, table: ConstantTable): Test | undefined {
  switch (scope.op) {
    case 'all':
      return undefined;
    case '==': {
      const target = constant(scope, table);
      return (env) => sameUid(env.action, target(env));
    }
    case 'in': {
      const targets = scope.uids.map((uid) => constant({ uid }, table));
      return (env) => targets.some((target) => isIn(env.action, target(env)));
    }
  }
}

function constant(target: Target, table: ConstantTable): (env: Environment) => Entity {
  if ('slot' in target) throw new CedarError('policy', `the template slot ${target.slot} is not linked`);
  const index = table.indexOf(target.uid);
  return (env) => env.constants[index] as Entity;
}
