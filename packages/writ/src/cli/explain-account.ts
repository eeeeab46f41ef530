import { loadBundle, readBundleFrom } from '../bundle/bundle.js';
import { verifiedBundle } from '../bundle/check/check.js';
import type { BundleFiles } from '../bundle/files.js';
import type { DecisionRecord } from '../decide/record.js';
import { accountLines, accountOf } from '../decide/replay/explanation.js';

/** The alternatives of a decision, and the lines that explain it on a bundle. */
export interface Account {
  readonly alternatives: readonly object[];
  readonly lines: readonly string[];
}

/** Evaluates a recorded decision on a bundle: a folder, or the files that were served last. */
export function accountOn(decision: DecisionRecord, where: string | BundleFiles): Account {
  const bundle = typeof where === 'string' ? loadBundle(where) : verifiedBundle(readBundleFrom(where));
  const account = accountOf(decision, bundle);
  return { alternatives: account.alternatives, lines: accountLines(decision, account) };
}
