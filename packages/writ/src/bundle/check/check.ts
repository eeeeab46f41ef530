import type { Bundle, ReadBundle } from '../bundle.js';
import { BundleError } from '../errors.js';
import type { Finding } from './finding.js';
import { Findings } from './findings.js';
import type { Rule } from './rule.js';
import { RULES } from './rules.js';

/** Returns a bundle that may be served: it loads, and no rule finds an error. @throws {BundleError} with every error */
export function verifiedBundle({ bundle, findings }: ReadBundle): Bundle {
  const errors = (bundle === undefined ? findings : checkBundle(bundle)).filter(({ severity }) => severity === 'error');
  if (bundle === undefined || errors.length > 0) throw new BundleError(errors);
  return bundle;
}

/** Checks a bundle that loads by every rule of this room. */
export function checkBundle(bundle: Bundle): readonly Finding[] {
  return checkByRules(bundle, RULES);
}

/** Checks a bundle that loads by some rules. */
export function checkByRules(bundle: Bundle, rules: readonly Rule[]): readonly Finding[] {
  const findings = new Findings(bundle.texts);
  for (const rule of rules) rule.check(bundle, findings.of(rule.code));
  return findings.all;
}
