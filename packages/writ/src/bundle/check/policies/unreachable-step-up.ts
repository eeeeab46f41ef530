import type { Expr, Policy } from '@writ/cedar';
import type { Bundle } from '../../bundle.js';
import { annotationAt } from '../annotated.js';
import { wholeNumber } from '../conditions/subject.js';
import { contextPath, expressionsIn } from '../names/expressions.js';
import { writtenPolicies } from '../names/policies.js';
import type { Rule } from '../rule.js';

/** The parts of the context that are those of the call, and the same after a stronger proof. */
const OF_CALL: ReadonlySet<string> = new Set(['input', 'tool', 'origins', 'derived', 'now']);
/** The assurance of an API key, and of the word of an enforcement point. */
const ASSERTED = 1n;

/** A `@stepUp` that changes nothing for those who step up, or that asks for more than anybody here can prove. */
export const unreachableStepUp: Rule = {
  code: 'policies/unreachable-step-up',
  check(bundle, find) {
    for (const { policy, source } of writtenPolicies(bundle)) {
      const { stepUp, requestable } = policy.annotations;
      if (stepUp === undefined || stepUp === '' || policy.effect !== 'forbid') continue;
      // An approval lifts it too.
      if (requestable !== undefined) continue;
      const finding = find.in(source.file);
      const at = annotationAt(source, 'stepUp');
      const least = leastAssurance(policy);
      if (![...expressionsIn(policy)].some((expr) => changesWithProof(expr, bundle)))
        finding.warning(
          `policy ${policy.id}: @stepUp asks for a stronger proof, and the rule reads none: the same call is stopped again`,
          'forbid only while context.provenance.assurance < 3, say; or use @requestable, so that a person can lift it',
          at,
        );
      else if (least !== undefined && least > ASSERTED && !canProveMore(bundle))
        finding.warning(
          `policy ${policy.id}: @stepUp asks for assurance ${least}, and everybody here has at most ${ASSERTED}: no issuer and no trust domain of writ.yaml proves more than an API key`,
          'add an issuer with `identity` (docs/tokens.md), or use @requestable, so that a person can lift it',
          at,
        );
    }
  },
};

/** Returns whether an expression reads something that can be another after a stronger proof. */
function changesWithProof(expr: Expr, { ledger: { accumulators } }: Bundle): boolean {
  if (expr.op === 'variable') return expr.name === 'principal';
  if (expr.op === 'has' && expr.of.op === 'variable' && expr.of.name === 'context')
    return !OF_CALL.has(expr.path[0] ?? '') && expr.path[0] !== 'ledger';
  const [first, second = ''] = contextPath(expr) ?? [];
  if (first === undefined || OF_CALL.has(first)) return false;
  // A set can hold what was done to step up; what was spent before stays spent.
  return (
    first !== 'ledger' ||
    (second !== '' && Object.hasOwn(accumulators, second) && accumulators[second]?.set !== undefined)
  );
}

/** Returns the least assurance that ends a forbid which reads nothing else of the proof; undefined if it depends on more. */
function leastAssurance(policy: Policy): bigint | undefined {
  const levels: bigint[] = [];
  let reads = 0;
  for (const expr of expressionsIn(policy)) {
    const path = contextPath(expr);
    if ((expr.op === 'variable' && expr.name === 'principal') || isOtherProof(path)) return undefined;
    if (path?.[0] === 'provenance' && path[1] === 'assurance') reads += 1;
    const level = levelIn(expr);
    if (level !== undefined) levels.push(level);
  }
  // Each time that it is read, it is compared with a level.
  if (levels.length !== reads) return undefined;
  return levels.reduce<bigint | undefined>(
    (least, level) => (least === undefined || level < least ? level : least),
    undefined,
  );
}

function isOtherProof([first, second]: readonly string[] = []): boolean {
  if (first === 'provenance') return second !== undefined && second !== 'assurance';
  return first !== undefined && !OF_CALL.has(first) && first !== 'ledger';
}

/** Returns 3 for `context.provenance.assurance < 3`, and for other ways to say it. */
function levelIn(expr: Expr): bigint | undefined {
  if (expr.op !== '<' && expr.op !== '<=' && expr.op !== '>' && expr.op !== '>=') return undefined;
  const isLeft = isAssurance(expr.left);
  if (!isLeft && !isAssurance(expr.right)) return undefined;
  const number = wholeNumber(isLeft ? expr.right : expr.left);
  // `< 3` and `>= 3` end at 3; `<= 2` and `> 2` too.
  const isThis = isLeft ? expr.op === '<' || expr.op === '>=' : expr.op === '>' || expr.op === '<=';
  return number === undefined ? undefined : isThis ? number : number + 1n;
}

function isAssurance(expr: Expr): boolean {
  return contextPath(expr)?.join('.') === 'provenance.assurance';
}

function canProveMore({ settings: { issuers, spiffe } }: Bundle): boolean {
  return Object.values(issuers).some(({ identity }) => identity !== undefined) || Object.keys(spiffe).length > 0;
}
