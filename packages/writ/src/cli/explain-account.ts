import { join } from 'node:path';
import { type Bundle, loadBundle, readBundleFrom } from '../bundle/bundle.js';
import { verifiedBundle } from '../bundle/check/check.js';
import { lastGood, sealOf } from '../bundle/last-good.js';
import type { DecisionRecord } from '../decide/record.js';
import { accountLines, accountOf } from '../decide/replay/explanation.js';
import { StateKey } from '../store/state-key.js';

/** The alternatives of a decision, and the lines that explain it on a bundle. */
export interface Account {
  readonly alternatives: readonly object[];
  readonly lines: readonly string[];
}

/**
 * Evaluates a recorded decision on a bundle.
 *
 * @param folder of the bundle; the default is the one served last, which is kept in the data folder
 * @param isWhole whether to show all of a long condition
 * @returns undefined if no usable bundle is kept
 */
export function accountOn(
  decision: DecisionRecord,
  folder: string | undefined,
  data: string,
  isWhole: boolean,
): Account | undefined {
  const bundle = folder === undefined ? keptIn(data) : loadBundle(folder);
  if (bundle === undefined) return undefined;
  const account = accountOf(decision, bundle, isWhole ? Number.POSITIVE_INFINITY : undefined);
  return { alternatives: account.alternatives, lines: accountLines(decision, account) };
}

function keptIn(data: string): Bundle | undefined {
  const key = StateKey.find(join(data, 'keys'));
  const kept = lastGood(data, key && sealOf(key));
  return kept && verifiedBundle(readBundleFrom(kept));
}
