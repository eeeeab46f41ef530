import { WritError } from '../lib/errors.js';
import { type Finding, findingText } from './check/finding.js';

/**
 * A bundle has errors and cannot be served. `findings` lists them all.
 *
 * @fix Run `writ check` on the bundle and mend each finding.
 * @status 422
 */
export class BundleError extends WritError {
  readonly code = 'bundle_invalid';

  constructor(readonly findings: readonly Finding[]) {
    const errors = findings.filter((finding) => finding.severity === 'error');
    super(
      `the bundle has ${errors.length} error${errors.length === 1 ? '' : 's'}:\n${errors.map((e) => `  ${findingText(e)}`).join('\n')}`,
      'run `writ check` on it',
    );
  }
}
