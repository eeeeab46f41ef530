import { WritError } from '../lib/errors.js';
import { type Finding, findingText } from './check/finding.js';

/** How many errors a message lists: it goes onto the record. */
const MAX_SHOWN = 100;

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
    const shown = errors.slice(0, MAX_SHOWN).map((error) => `  ${findingText(error)}`);
    if (errors.length > shown.length) shown.push(`  and ${errors.length - shown.length} more`);
    super(
      `the bundle has ${errors.length} error${errors.length === 1 ? '' : 's'}:\n${shown.join('\n')}`,
      'run `writ check` on it',
    );
  }
}

/**
 * The bundle that was kept, `last-good.json`, is not one that this service wrote and served.
 *
 * @fix Mend the bundle and start with it. Remove `last-good.json`, and find out who changed it.
 */
export class LastGoodError extends WritError {
  readonly code = 'last_good_refused';

  constructor(
    readonly file: string,
    readonly why: string,
    options?: ErrorOptions,
  ) {
    super(
      `${file} is not the bundle that this service served last: ${why}`,
      'something other than Writ wrote it, or a version before seals: mend the bundle, and start with it',
      options,
    );
  }
}

/**
 * To read, check and compile a bundle takes longer, or more memory, than it may. The policy that is served stays in use.
 *
 * @fix Look for the policy, schema or file that is out of proportion, and divide it; `writ check` reads the bundle without these limits.
 * @status 422
 */
export class BundleOverrun extends WritError {
  readonly code = 'bundle_overrun';

  constructor(
    readonly what: 'time' | 'memory',
    { deadlineMs, memoryMib }: { readonly deadlineMs: number; readonly memoryMib: number },
    options?: ErrorOptions,
  ) {
    super(
      what === 'time'
        ? `the bundle was not read, checked and compiled within ${deadlineMs / 1_000} s`
        : `the process that read the bundle ended; it may have ${memoryMib} MiB of memory`,
      'look for a policy, schema or file that is out of proportion',
      options,
    );
  }
}
