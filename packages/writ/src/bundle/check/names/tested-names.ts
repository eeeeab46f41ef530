import type { Expr } from '@writ/cedar';
import { memo } from '../../../lib/memo.js';
import type { Bundle } from '../../bundle.js';
import { contextPath, expressionsIn, textOf } from './expressions.js';
import { type WrittenPolicy, writtenPolicies } from './policies.js';
import { placeOfText } from './text-place.js';

/** A test of a part of the context against names that a policy writes, as `context.ledger.done.contains("pay")`. */
interface TestedNames extends WrittenPolicy {
  readonly path: readonly string[];
  readonly names: readonly string[];
  /** Whether one name is enough, all are needed, or the test can hold without any of them. */
  readonly needs: 'any' | 'all' | 'none';
  /** Returns the offset of a name in the file of the policy. */
  placeOf(name: string): number;
}

/** Returns the tests of the context against names that all policies of a bundle have. */
export const testedNames: (bundle: Bundle) => readonly TestedNames[] = memo((bundle: Bundle) =>
  writtenPolicies(bundle).flatMap((written) => [...testsIn(written)]),
);

function* testsIn(written: WrittenPolicy): Generator<TestedNames> {
  const before = new Map<string, number>();
  for (const expr of expressionsIn(written.policy)) {
    const test = testIn(expr);
    if (test !== undefined) {
      // Those of the same text that stand before this test.
      const seen = new Map(test.names.map((name) => [name, before.get(name) ?? 0]));
      yield { ...written, ...test, placeOf: (name) => placeOfText(written.source, name, seen.get(name)) };
    }
    const text = textOf(expr);
    if (text !== undefined) before.set(text, (before.get(text) ?? 0) + 1);
  }
}

function testIn(expr: Expr): Pick<TestedNames, 'path' | 'names' | 'needs'> | undefined {
  switch (expr.op) {
    case '==':
    case '!=':
      return ofSides(expr.left, expr.right, expr.left.op === 'set' || expr.right.op === 'set' ? 'all' : 'any');
    case 'contains':
    case 'containsAny':
      return ofSides(expr.left, expr.right, 'any');
    case 'containsAll':
      // `["a"].containsAll(x)` holds for an empty x.
      return ofSides(expr.left, expr.right, contextPath(expr.left) === undefined ? 'none' : 'all');
    default:
      return undefined;
  }
}

function ofSides(left: Expr, right: Expr, needs: TestedNames['needs']): ReturnType<typeof testIn> {
  const path = contextPath(left) ?? contextPath(right);
  if (path === undefined) return undefined;
  const names = namesIn(contextPath(left) === undefined ? left : right);
  return names.length === 0 ? undefined : { path, names, needs };
}

/** Returns the texts that an expression is, or is a set of; none of an expression that has more than texts. */
function namesIn(expr: Expr): readonly string[] {
  const texts = expr.op === 'set' ? expr.items.map(textOf) : [textOf(expr)];
  return texts.every((text) => text !== undefined) ? texts : [];
}
