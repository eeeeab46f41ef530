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

/**
 * Checks a bundle that loads.
 *
 * @param more rules of rooms that know more than the bundle does
 */
export function checkBundle(bundle: Bundle, more: readonly Rule[] = []): readonly Finding[] {
  const findings = new Findings(bundle.texts);
  for (const rule of [...RULES, ...more]) rule.check(bundle, findings.of(rule.code));
  return findings.all;
}
