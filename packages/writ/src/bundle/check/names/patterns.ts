import { memo } from '../../../lib/memo.js';
import type { Bundle } from '../../bundle.js';
import { actionsOf } from './action-scope.js';
import { attributeText, contextPath, expressionsIn } from './expressions.js';
import { type WrittenPolicy, writtenPolicies } from './policies.js';
import { placeOfText } from './text-place.js';

/** A `like` on an argument of a call, as `context.input.path like "/srv/*"`. */
export interface ArgumentPattern extends WrittenPolicy {
  readonly argument: string;
  /** As the policy writes it. */
  readonly written: string;
  /** The literal texts of the pattern, with a wildcard between each two. */
  readonly pattern: readonly string[];
  /** The kinds that tools.yaml gives the argument, of the actions that the policy is for. */
  readonly kinds: ReadonlySet<string>;
  /** The offset in the file of the policy. */
  readonly at: number;
}

/** Returns the patterns with a wildcard on arguments that the policies of a bundle have. */
export const argumentPatterns: (bundle: Bundle) => readonly ArgumentPattern[] = memo((bundle: Bundle) =>
  writtenPolicies(bundle).flatMap((written) => [...patternsIn(bundle, written)]),
);

function* patternsIn(bundle: Bundle, written: WrittenPolicy): Generator<ArgumentPattern> {
  for (const expr of expressionsIn(written.policy)) {
    if (expr.op !== 'like' || expr.pattern.length < 2) continue;
    const [first, argument, ...more] = contextPath(expr.of) ?? [];
    if (first !== 'input' || argument === undefined || more.length > 0) continue;
    yield {
      ...{ ...written, argument, pattern: expr.pattern, written: attributeText(expr.of) ?? argument },
      kinds: kindsOf(bundle, written, argument),
      at: placeOfText(written.source, expr.pattern.join('*')),
    };
  }
}

function kindsOf({ tools: { tools }, schema }: Bundle, { policy }: WrittenPolicy, argument: string): Set<string> {
  const kinds = new Set<string>();
  for (const { uid } of actionsOf(policy, schema)) {
    const roles = Object.hasOwn(tools, uid.id) ? tools[uid.id]?.arguments : undefined;
    const role = roles !== undefined && Object.hasOwn(roles, argument) ? roles[argument] : undefined;
    if (typeof role === 'object' && role.kind !== undefined) kinds.add(role.kind);
  }
  return kinds;
}
