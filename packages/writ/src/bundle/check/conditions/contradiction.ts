import type { Expr, Policy } from '@writ/cedar';
import { type Atom, addNeed, type Needs, needsOf } from './atoms.js';
import { exprKey } from './expr-key.js';
import { isConstant, Subject, wholeNumber } from './subject.js';

/** The branches that are looked at of one policy: a policy can have thousands. */
const MAX_BRANCHES = 64;

/**
 * Returns a value of which the conditions of a policy ask things that never hold together; undefined if none is found. A find is
 * certain: a policy whose condition fails does not apply either. Other policies that never apply are not found.
 */
export function contradictionIn(policy: Pick<Policy, 'principal' | 'resource' | 'conditions'>): Expr | undefined {
  const needs = needsOf(policy);
  let left = MAX_BRANCHES;
  for (;;) {
    const found = conflictIn(needs.atoms);
    if (found !== undefined || needs.choices.length === 0) return found;
    const before = needs.atoms.length;
    for (const choice of needs.choices.splice(0)) {
      left -= choice.length;
      if (left < 0) return undefined;
      const conflicts = choice.map((branch) => ({ branch, conflict: conflictIn(joined(needs, branch).atoms) }));
      const open = conflicts.filter(({ conflict }) => conflict === undefined);
      if (open.length === 0) return conflicts[0]?.conflict;
      const [only] = open;
      if (open.length === 1) for (const atom of only?.branch ?? []) addNeed(atom, needs);
      else needs.choices.push(choice);
    }
    // Only what another branch closed can close more.
    if (needs.atoms.length === before) return undefined;
  }
}

function joined({ atoms }: Needs, branch: readonly Atom[]): Needs {
  const all: Needs = { atoms: [...atoms], choices: [] };
  for (const atom of branch) addNeed(atom, all);
  return all;
}

function conflictIn(atoms: readonly Atom[]): Expr | undefined {
  const subjects = new Map<string, Subject>();
  const of = (expr: Expr): Subject => {
    const key = exprKey(expr);
    const subject = subjects.get(key) ?? new Subject(expr);
    subjects.set(key, subject);
    return subject;
  };
  for (const atom of atoms) {
    of(atom.expr).allow([{ op: 'value', value: atom.holds }]);
    ask(atom, of);
  }
  for (const subject of subjects.values()) if (subject.isImpossible) return subject.expr;
  return undefined;
}

/** Asks what an expression says of the values that are in it. */
function ask({ expr, holds }: Atom, of: (expr: Expr) => Subject): void {
  switch (expr.op) {
    case '==': {
      const [subject, value] = isConstant(expr.right) ? [expr.left, expr.right] : [expr.right, expr.left];
      if (!isConstant(value)) return;
      if (holds) of(subject).allow([value]);
      else of(subject).deny([value]);
      return;
    }
    case 'contains': {
      const { left, right } = expr;
      if (left.op === 'set' && left.items.every(isConstant)) {
        if (holds) of(right).allow(left.items);
        else of(right).deny(left.items);
      } else if (holds) of({ op: 'isEmpty', arg: left }).allow([FALSE]);
      return;
    }
    case '<':
    case '<=':
    case '>':
    case '>=':
      askOrder(expr, holds, of);
      return;
    default:
  }
}

const FALSE: Expr = { op: 'value', value: false };
const REVERSED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;
const NEGATED = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const;
type Order = keyof typeof REVERSED;

function askOrder(
  { op, left, right }: Extract<Expr, { left: Expr }>,
  holds: boolean,
  of: (expr: Expr) => Subject,
): void {
  const written = holds ? (op as Order) : NEGATED[op as Order];
  const [subject, number, order] =
    wholeNumber(right) === undefined
      ? [right, wholeNumber(left), REVERSED[written]]
      : [left, wholeNumber(right), written];
  if (number === undefined) return;
  if (order === '<') of(subject).atMost(number - 1n);
  if (order === '<=') of(subject).atMost(number);
  if (order === '>') of(subject).atLeast(number + 1n);
  if (order === '>=') of(subject).atLeast(number);
}
