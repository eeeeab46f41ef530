import type { EntityUid } from '../values/uid.js';
import type { Value } from '../values/value.js';

/** A Cedar expression as plain data. Built by `read-policy.ts`, walked by the compiler; frozen in between. */
export type Expr =
  | { readonly op: 'value'; readonly value: Value }
  | { readonly op: 'entity'; readonly uid: EntityUid }
  | { readonly op: 'variable'; readonly name: Variable }
  | { readonly op: 'slot'; readonly slot: Slot }
  | { readonly op: '!' | 'neg' | 'isEmpty'; readonly arg: Expr }
  | { readonly op: BinaryOperator; readonly left: Expr; readonly right: Expr }
  | { readonly op: 'get'; readonly of: Expr; readonly attribute: string }
  | { readonly op: 'has'; readonly of: Expr; readonly path: readonly string[] }
  | { readonly op: 'like'; readonly of: Expr; readonly pattern: Pattern }
  | { readonly op: 'is'; readonly of: Expr; readonly entityType: string; readonly within?: Expr }
  | { readonly op: 'if'; readonly test: Expr; readonly yes: Expr; readonly no: Expr }
  | { readonly op: 'set'; readonly items: readonly Expr[] }
  | { readonly op: 'record'; readonly entries: readonly (readonly [string, Expr])[] }
  | { readonly op: 'call'; readonly name: string; readonly args: readonly Expr[] };

export type Variable = 'principal' | 'action' | 'resource' | 'context';
export type Slot = '?principal' | '?resource';

export const BINARY_OPERATORS = [
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '&&',
  '||',
  '+',
  '-',
  '*',
  'in',
  'contains',
  'containsAll',
  'containsAny',
  'getTag',
  'hasTag',
] as const;
export type BinaryOperator = (typeof BINARY_OPERATORS)[number];

/** A `like` pattern: literal texts, with a wildcard between each two. */
export type Pattern = readonly string[];

export type Target = { readonly uid: EntityUid } | { readonly slot: Slot };

/** What a policy's head says of the principal or the resource. */
export type ScopeConstraint =
  | { readonly op: 'all' }
  | { readonly op: '==' | 'in'; readonly target: Target }
  | { readonly op: 'is'; readonly entityType: string; readonly within?: Target };

export type ActionConstraint =
  | { readonly op: 'all' }
  | { readonly op: '=='; readonly uid: EntityUid }
  | { readonly op: 'in'; readonly uids: readonly EntityUid[] };

export interface Policy {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly annotations: Readonly<Record<string, string>>;
  readonly principal: ScopeConstraint;
  readonly action: ActionConstraint;
  readonly resource: ScopeConstraint;
  readonly conditions: readonly { readonly kind: 'when' | 'unless'; readonly body: Expr }[];
  /** The text that the policy was read from and where it stands there; absent for policies that came as JSON. */
  readonly source?: { readonly text: string; readonly start: number; readonly end: number };
}
