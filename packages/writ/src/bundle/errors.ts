import { WritError } from '../lib/errors.js';
import { type Finding, findingText } from './check/finding.js';

/** The bundle is not one that may be served. `findings` says everything that is wrong with it. */
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
