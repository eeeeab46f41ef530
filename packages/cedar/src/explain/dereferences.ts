import type { PolicySet } from '../authorize/policy-set.js';
import type { Expr, Variable } from '../policy/ast.js';
import { childrenOf } from '../policy/children.js';
import type { Schema } from '../schema/schema.js';
import type { CedarType } from '../schema/types.js';
import type { Steps } from '../steps.js';
import { type EntityUid, uidText } from '../values/uid.js';

/** Whose attributes policies read besides those of the principal, the action and the resource themselves. */
export interface Dereferences {
  /** Whether they go on from an entity that an attribute, or the context, refers to: `resource.owner.team`. */
  readonly follows: boolean;
  /** Entities that policies name and read attributes of: `Settings::"all".limit`. */
  readonly named: readonly EntityUid[];
}

/** Finds what of a store policies can read, from their text, step by step; what is not clear counts as read. */
export function* findingDereferences(policies: PolicySet, schema: Schema): Steps<Dereferences> {
  const plain = new Map<string, boolean>();
  const named = new Map<string, EntityUid>();
  let follows = false;
  const look = (expr: Expr): void => {
    const base = readFrom(expr);
    if (base?.op === 'entity') named.set(uidText(base.uid), base.uid);
    else if (base !== undefined && !follows && !isPlain(base, schema, plain)) follows = true;
    for (const child of childrenOf(expr)) look(child);
  };
  for (const { conditions } of policies.asts) {
    for (const { body } of conditions) look(body);
    yield;
  }
  return { follows, named: [...named.values()] };
}

/** What an attribute or a tag is read of, or what it is in. */
function readFrom(expr: Expr): Expr | undefined {
  if (expr.op === 'get' || expr.op === 'has') return expr.of;
  if (expr.op === 'in') return expr.left;
  return expr.op === 'getTag' || expr.op === 'hasTag' ? expr.left : undefined;
}

/** Whether it is one of the request's own entities, or a record in it or in the context. */
function isPlain(expr: Expr, schema: Schema, known: Map<string, boolean>): boolean {
  const path: string[] = [];
  let at = expr;
  for (; at.op === 'get'; at = at.of) path.unshift(at.attribute);
  if (at.op !== 'variable') return false;
  if (path.length === 0) return true;
  const way = JSON.stringify([at.name, path]);
  const found = known.get(way) ?? typesOf(at.name, schema).every((type) => endsInRecord(type, path));
  known.set(way, found);
  return found;
}

function typesOf(variable: Variable, schema: Schema): CedarType[] {
  if (variable === 'context') return [...schema.actions].map(({ context }) => context);
  return [...schema.entityTypes.values()].map(({ attributes }) => attributes);
}

function endsInRecord(type: CedarType, path: readonly string[]): boolean {
  let at: CedarType | undefined = type;
  for (const name of path) {
    if (at?.kind !== 'record') return false;
    at = at.attributes.get(name)?.type;
    // Of this type it is never read.
    if (at === undefined) return true;
  }
  return at?.kind === 'record';
}
