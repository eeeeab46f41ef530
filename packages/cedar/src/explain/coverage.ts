import type { PolicySet } from '../authorize/policy-set.js';
import type { Entities } from '../entities/entities.js';
import { scopeOf } from '../evaluate/condition.js';
import type { Environment } from '../evaluate/environment.js';
import type { Policy } from '../policy/ast.js';
import { conditionsIn, type Node, type SeenCondition } from './condition-tree.js';
import { type Trace, traceExpr } from './trace.js';

/** The outcomes of the conditions of a policy that were seen in a number of requests. */
export interface PolicyCoverage {
  readonly policy: Policy;
  /** Whether its scope and all of its conditions held for a request. */
  readonly applied: boolean;
  /** Its conditions, each before the parts of it that are true or false. */
  readonly conditions: readonly SeenCondition[];
}

interface Covered extends PolicyCoverage {
  applied: boolean;
  readonly bodies: readonly { readonly kind: 'when' | 'unless'; readonly node: Node | undefined }[];
}

/**
 * Records for the conditions of policies, and for each operand of `&&` and `||` and each branch of `if` in them, whether it was true and
 * whether it was false. Costs far more than a decision.
 *
 * @example new Coverage(policies.asts).report()[0].applied // false
 */
export class Coverage {
  private readonly covered: ReadonlyMap<string, Covered>;

  /** @param policies with their `source`, if places are wanted */
  constructor(policies: Iterable<Policy>) {
    this.covered = new Map([...policies].map((policy) => [policy.id, covering(policy)]));
  }

  /** Records how the policies of a set come out in an environment. */
  record(policies: PolicySet, env: Environment, entities: Entities): void {
    for (const { policy } of policies.candidates(env, entities)) {
      const covered = this.covered.get(policy.id);
      if (covered !== undefined && !isDone(covered)) recordPolicy(policy, covered, env, entities);
    }
  }

  /** Returns what was seen of each policy, in their order. */
  report(): readonly PolicyCoverage[] {
    return [...this.covered.values()];
  }
}

function covering(policy: Policy): Covered {
  const { bodies, conditions } = conditionsIn(policy);
  return { policy, applied: false, conditions, bodies };
}

function isDone({ applied, conditions }: Covered): boolean {
  return applied && conditions.every(({ wasTrue, wasFalse }) => wasTrue && wasFalse);
}

function recordPolicy(policy: Policy, covered: Covered, env: Environment, entities: Entities): void {
  if (!scopeOf(policy).every((expr) => traceExpr(expr, env, entities).value === true)) return;
  for (const [i, { kind, body }] of policy.conditions.entries()) {
    const { trace, value } = traceExpr(body, env, entities);
    record(covered.bodies[i]?.node, trace);
    if (value !== (kind === 'when')) return;
  }
  covered.applied = true;
}

function record(node: Node | undefined, { outcome, children }: Trace): void {
  if (node === undefined || outcome.kind === 'skipped') return;
  const { seen } = node;
  if (seen !== undefined && outcome.kind === 'value') {
    if (outcome.value === true) seen.wasTrue = true;
    if (outcome.value === false) seen.wasFalse = true;
  }
  for (const [i, child] of children.entries()) record(node.children[i], child);
}
