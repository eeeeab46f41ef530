import type { Entities } from '../entities/entities.js';
import type { Environment } from '../evaluate/environment.js';
import { reduce } from '../partial/reduce.js';
import type { Expr } from '../policy/ast.js';
import { childrenOf, withChildren } from '../policy/children.js';
import type { Span } from '../policy/locate.js';
import type { EntityUid } from '../values/uid.js';
import { Entity, type Value } from '../values/value.js';
import { valueToJson } from '../values/write-value.js';

/** How one expression came out, and those that it is made of. */
export interface Trace {
  readonly op: string;
  /** Where it stands in the policy's text; absent for policies that came as JSON. Offsets are UTF-16 units. */
  readonly span?: { readonly start: number; readonly end: number };
  readonly outcome: Outcome;
  /** The attribute or tag of an entity that was read, or looked for, here. */
  readonly read?: AttributeRead;
  /** Children that were not evaluated have the outcome `skipped`. */
  readonly children: readonly Trace[];
}

export type Outcome =
  /** In Cedar's JSON data format. */
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'skipped' };

export interface AttributeRead {
  readonly entity: EntityUid;
  readonly attribute: string;
  readonly found: boolean;
}

interface Traced {
  readonly trace: Trace;
  /** Absent after an error. */
  readonly value?: Value;
}

/** Evaluates an expression and keeps every step. Slow; for when somebody asks why. */
export function traceExpr(expr: Expr, env: Environment, entities: Entities, span?: Span): Traced {
  const fits = span !== undefined && isPlaceOf(span, expr);
  const children: Traced[] = [];
  const traces: Trace[] = [];
  for (const [i, child] of childrenOf(expr).entries()) {
    const childSpan = fits ? span.children[i] : undefined;
    if (isSkipped(expr, i, children)) {
      traces.push({ op: child.op, ...placeOf(childSpan), outcome: { kind: 'skipped' }, children: [] });
      continue;
    }
    const traced = traceExpr(child, env, entities, childSpan);
    children.push(traced);
    traces.push(traced.trace);
    if (traced.value === undefined) break;
  }
  const failed = children.find(({ value }) => value === undefined);
  const reduced = failed === undefined ? outcomeOf(expr, children, env, entities) : undefined;
  const outcome: Outcome =
    reduced === undefined
      ? { kind: 'error', message: messageOf(failed) }
      : reduced.kind === 'value'
        ? { kind: 'value', value: valueToJson(reduced.value) }
        : { kind: 'error', message: reduced.kind === 'failure' ? reduced.message : 'not evaluated' };
  const read = readOf(expr, children);
  return {
    trace: {
      op: expr.op,
      ...(fits ? placeOf(span) : {}),
      outcome,
      ...(read === undefined ? {} : { read }),
      children: traces,
    },
    ...(reduced?.kind === 'value' ? { value: reduced.value } : {}),
  };
}

/** Returns whether a place is one of such an expression. A minus before a literal is read as part of it. */
export function isPlaceOf(span: Span, expr: Expr): boolean {
  if (expr.op === 'value' && span.op === 'neg') return true;
  return span.op === expr.op && span.children.length === childrenOf(expr).length;
}

function placeOf(span: Span | undefined): { span?: { start: number; end: number } } {
  return span === undefined ? {} : { span: { start: span.start, end: span.end } };
}

/** Whether Cedar does not evaluate a child, given those before it. */
function isSkipped(expr: Expr, index: number, before: readonly Traced[]): boolean {
  const first = before[0]?.value;
  switch (expr.op) {
    case '&&':
      return index === 1 && first !== true;
    case '||':
      return index === 1 && first !== false;
    case 'if':
      return (index === 1 && first !== true) || (index === 2 && first !== false);
    case 'is':
      return index === 1 && !(first instanceof Entity && first.type === expr.entityType);
    default:
      return false;
  }
}

/** The value of an expression over children that are evaluated already; what was skipped does not matter to it. */
function outcomeOf(expr: Expr, children: readonly Traced[], env: Environment, entities: Entities) {
  if (expr.op === 'if' && children.length === 2) return { kind: 'value', value: children[1]?.value as Value } as const;
  const rest = childrenOf(expr).slice(children.length);
  const values = children.map(({ value }): Expr => ({ op: 'value', value: value as Value }));
  return reduce(withChildren(expr, [...values, ...rest]), env, entities);
}

function messageOf(failed: Traced | undefined): string {
  return failed?.trace.outcome.kind === 'error' ? failed.trace.outcome.message : '';
}

function readOf(expr: Expr, children: readonly Traced[]): AttributeRead | undefined {
  const of = children[0]?.value;
  if (!(of instanceof Entity)) return undefined;
  const entity = { type: of.type, id: of.id };
  if (expr.op === 'get') return { entity, attribute: expr.attribute, found: of.attributes.has(expr.attribute) };
  if (expr.op === 'has') {
    const attribute = expr.path[0] as string;
    return { entity, attribute, found: of.attributes.has(attribute) };
  }
  const tag = children[1]?.value;
  if ((expr.op === 'getTag' || expr.op === 'hasTag') && typeof tag === 'string') {
    return { entity, attribute: tag, found: of.tags.has(tag) };
  }
  return undefined;
}
