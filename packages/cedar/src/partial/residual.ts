import { byOrder, type CedarJsonObject, type PolicySet } from '../authorize/policy-set.js';
import type { Entities } from '../entities/entities.js';
import { CedarError } from '../errors.js';
import type { Expr } from '../policy/ast.js';
import type { EntityUid } from '../values/uid.js';
import { Entity } from '../values/value.js';
import { type Known, reduce, type UnknownPart } from './reduce.js';

/** A part of a request that is not known yet; with `type`, that much of it is. */
export interface Unknown {
  readonly unknown: true;
  readonly type?: string;
}

/** A request with parts that are not known. */
export interface PartialRequest {
  readonly principal: EntityUid | Unknown;
  readonly action: EntityUid | Unknown;
  readonly resource: EntityUid | Unknown;
  /** `'unknown'`: nothing of it is known. */
  readonly context?: CedarJsonObject | 'unknown';
}

/** What is left of one policy. Policies that cannot apply, whatever the unknown is, are not in a residual. */
export interface ResidualPolicy {
  readonly policyId: string;
  readonly effect: 'permit' | 'forbid';
  /** What must be true for the policy to apply; `true` when it applies whatever the unknown is. */
  readonly condition: Expr | true;
}

/** What is left to decide when part of a request is not known. */
export interface Residual {
  /** The decision, when it is the same whatever the unknown is. */
  readonly decision: 'allow' | 'deny' | undefined;
  readonly policies: readonly ResidualPolicy[];
  readonly known: Known;
}

/**
 * Decides as far as what is known allows.
 *
 * @throws {CedarError} `request` when what is known is malformed
 * @example
 * partiallyAuthorize(policies, { principal: { type: 'User', id: 'ana' }, action: { type: 'Action', id: 'view' },
 *   resource: { unknown: true, type: 'Photo' } }, entities).decision // undefined; it depends on the photo
 */
export function partiallyAuthorize(policies: PolicySet, request: PartialRequest, entities: Entities): Residual {
  const known = knownOf(policies, request, entities);
  const left: ResidualPolicy[] = [];
  for (const { policy, condition } of [...policies.candidates(entitiesOf(known), entities)].sort(byOrder)) {
    const reduced = reduce(condition, known, entities);
    if (reduced.kind === 'failure') continue;
    if (reduced.kind === 'value') {
      if (reduced.value === true) left.push({ policyId: policy.id, effect: policy.effect, condition: true });
    } else {
      left.push({ policyId: policy.id, effect: policy.effect, condition: reduced.expr });
    }
  }
  return { decision: decisionOf(left), policies: left, known };
}

/** The parts that are known. */
export function entitiesOf(known: Known): { principal?: Entity; action?: Entity; resource?: Entity } {
  const parts = (['principal', 'action', 'resource'] as const).filter((part) => known[part] instanceof Entity);
  return Object.fromEntries(parts.map((part) => [part, known[part]]));
}

function decisionOf(left: readonly ResidualPolicy[]): Residual['decision'] {
  const permits = left.filter(({ effect }) => effect === 'permit');
  const forbids = left.filter(({ effect }) => effect === 'forbid');
  if (permits.length === 0 || forbids.some(({ condition }) => condition === true)) return 'deny';
  return forbids.length === 0 && permits.some(({ condition }) => condition === true) ? 'allow' : undefined;
}

/** What is known of a request, read and found. */
export function knownOf(policies: PolicySet, request: PartialRequest, entities: Entities): Known {
  const anybody = { type: '', id: '' };
  const part = (name: 'principal' | 'action' | 'resource', found: Entity): Entity | UnknownPart => {
    const given = request[name];
    if (!('unknown' in given)) return found;
    if (given.unknown !== true || (given.type !== undefined && typeof given.type !== 'string')) {
      throw new CedarError('request', `${name}: an unknown is { unknown: true, type? }`, { path: name });
    }
    return { unknown: true, type: given.type };
  };
  const uidOf = (given: EntityUid | Unknown): EntityUid => ('unknown' in given ? anybody : given);
  const asked = {
    principal: uidOf(request.principal),
    action: uidOf(request.action),
    resource: uidOf(request.resource),
  };
  // A context of which nothing is known has no declared type to fit.
  const { context, ...env } =
    request.context === 'unknown'
      ? { ...withoutContext(asked, entities), context: { unknown: true, type: undefined } as const }
      : policies.environment(request.context === undefined ? asked : { ...asked, context: request.context }, entities);
  return {
    principal: part('principal', env.principal),
    action: part('action', env.action),
    resource: part('resource', env.resource),
    context,
  };
}

function withoutContext(
  { principal, action, resource }: Readonly<Record<'principal' | 'action' | 'resource', EntityUid>>,
  entities: Entities,
): { principal: Entity; action: Entity; resource: Entity } {
  const find = (uid: EntityUid): Entity => entities.get(uid) ?? new Entity(uid.type, uid.id);
  return { principal: find(principal), action: find(action), resource: find(resource) };
}

/** The conditions that must all hold, of a condition that is a chain of `&&`. */
export function conjunctsOf(condition: Expr): Expr[] {
  const out: Expr[] = [];
  let at = condition;
  for (; at.op === '&&'; at = at.left) out.push(at.right);
  out.push(at);
  return out.reverse();
}
