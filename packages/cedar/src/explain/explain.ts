import { byOrder, type PolicySet, type Request, type Response } from '../authorize/policy-set.js';
import type { Entities } from '../entities/entities.js';
import { type Position, positionAt } from '../errors.js';
import { scopeOf } from '../evaluate/condition.js';
import type { Environment } from '../evaluate/environment.js';
import type { Expr, Policy } from '../policy/ast.js';
import { childrenOf } from '../policy/children.js';
import { locate, type Span } from '../policy/locate.js';
import { printExpr } from '../policy/print.js';
import { type AttributeRead, type Trace, traceExpr } from './trace.js';

/** Why a decision came out as it did. */
export interface Explanation extends Response {
  readonly policies: readonly PolicyExplanation[];
}

export interface PolicyExplanation {
  readonly policyId: string;
  readonly effect: 'permit' | 'forbid';
  /** Whether the policy applied; `error` when it could not be evaluated. */
  readonly applied: boolean | 'error';
  /** The parts that must all hold: the scope, then the conditions; up to the first that does not. */
  readonly parts: readonly PartExplanation[];
  /** Every attribute of an entity that was read on the way. */
  readonly reads: readonly AttributeRead[];
}

export interface PartExplanation {
  readonly kind: 'scope' | 'when' | 'unless';
  /** As it stands in the text; for policies that came as JSON, as Cedar would write it. */
  readonly text: string;
  readonly position?: Position;
  readonly holds: boolean | 'error';
  /** Of a condition that does not hold: the least part of it that is decisive, such as one side of an `&&`. */
  readonly decisive?: string;
  /** `span`s in it are offsets into the text that the policies were compiled from. */
  readonly trace: Trace;
}

/**
 * Decides again and keeps every step, for the policies that determined the decision or could not be evaluated; for a
 * denial that no policy made, for every permit that was considered. Costs far more than a decision: for when somebody
 * asks.
 *
 * @param policyIds explain these instead
 * @example explain(policies, request, entities).policies[0]?.parts.find(({ holds }) => holds === false)?.text
 */
export function explain(
  policies: PolicySet,
  request: Request,
  entities: Entities,
  policyIds?: readonly string[],
): Explanation {
  const env = policies.environment(request, entities);
  const response = policies.evaluate(env, entities);
  const wanted = new Set(policyIds ?? [...response.reasons, ...response.errors.map(({ policyId }) => policyId)]);
  const byDefault = policyIds === undefined && response.reasons.length === 0;
  const chosen = byDefault
    ? [...policies.candidates(env, entities)].sort(byOrder).map(({ policy }) => policy)
    : [...policies.asts];
  return {
    ...response,
    policies: chosen
      .filter((policy) => wanted.has(policy.id) || (byDefault && policy.effect === 'permit'))
      .map((policy) => explainPolicy(policy, env, entities)),
  };
}

/** Explains how one policy comes out in an environment, whether it decides or not; with places if it has its `source`. */
export function explainPolicy(policy: Policy, env: Environment, entities: Entities): PolicyExplanation {
  const parts: PartExplanation[] = [];
  const spans =
    policy.source === undefined ? undefined : locate(policy.source.text.slice(policy.source.start, policy.source.end));
  for (const { kind, expr, span } of partsOf(policy, spans)) {
    const trace = shift(traceExpr(expr, env, entities, span).trace, policy.source?.start ?? 0);
    const wanted = kind !== 'unless';
    const holds =
      trace.outcome.kind === 'value' && typeof trace.outcome.value === 'boolean'
        ? trace.outcome.value === wanted
        : 'error';
    const decisive = holds === false && kind !== 'scope' ? { decisive: decisiveText(policy, expr, trace, kind) } : {};
    parts.push({ kind, ...textOf(policy, expr, span), holds, ...decisive, trace });
    if (holds !== true) break;
  }
  const last = parts.at(-1)?.holds ?? true;
  return {
    policyId: policy.id,
    effect: policy.effect,
    applied: last,
    parts,
    reads: parts.flatMap(({ trace }) => readsOf(trace)),
  };
}

interface Part {
  readonly kind: PartExplanation['kind'];
  readonly expr: Expr;
  readonly span: Span | undefined;
}

function partsOf(policy: Policy, spans: ReturnType<typeof locate>): Part[] {
  const constrained = [policy.principal, policy.action, policy.resource].flatMap(({ op }, i) =>
    op === 'all' ? [] : [i],
  );
  const scope = scopeOf(policy).map((expr, i): Part => {
    const place = spans?.scope[constrained[i] as number];
    return { kind: 'scope', expr, span: place && { op: expr.op, ...place, children: [] } };
  });
  const conditions = policy.conditions.map(
    ({ kind, body }, i): Part => ({ kind, expr: body, span: spans?.conditions[i] }),
  );
  return [...scope, ...conditions];
}

function textOf(policy: Policy, expr: Expr, span: Span | undefined): { text: string; position?: Position } {
  if (policy.source === undefined || span === undefined) return { text: printExpr(expr) };
  const { text, start } = policy.source;
  return { text: text.slice(start + span.start, start + span.end), position: positionAt(text, start + span.start) };
}

/** Returns the text of the first side of an `&&` that is false; of an `||` that is true, under `unless`. */
function decisiveText(policy: Policy, whole: Expr, traceOfWhole: Trace, kind: 'when' | 'unless'): string {
  const op = kind === 'when' ? '&&' : '||';
  let [expr, trace] = [whole, traceOfWhole];
  while (expr.op === op) {
    const at = trace.children.findIndex(({ outcome }) => outcome.kind === 'value' && outcome.value === (op === '||'));
    const [side, ofSide] = [childrenOf(expr)[at], trace.children[at]];
    if (side === undefined || ofSide === undefined) break;
    [expr, trace] = [side, ofSide];
  }
  const { source } = policy;
  if (source === undefined || trace.span === undefined) return printExpr(expr);
  return source.text.slice(trace.span.start, trace.span.end);
}

/** A trace whose places are in the whole text, not in the policy's part of it. */
function shift(trace: Trace, by: number): Trace {
  const { span } = trace;
  return {
    ...trace,
    ...(span === undefined ? {} : { span: { start: span.start + by, end: span.end + by } }),
    children: trace.children.map((child) => shift(child, by)),
  };
}

function readsOf(trace: Trace): AttributeRead[] {
  return [...trace.children.flatMap(readsOf), ...(trace.read === undefined ? [] : [trace.read])];
}
