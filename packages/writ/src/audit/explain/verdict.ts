import type { Verdict } from '@writ/sdk/authzen';
import type { DecisionRecord } from '../../decide/record.js';

/** Returns whether every part of a verdict is the recorded one, bit for bit. */
export function isSame(record: DecisionRecord, verdict: Verdict): boolean {
  return partsOf(record) === partsOf(verdict);
}

function partsOf({ result, reasons, refusal, obligations, missing, stale }: Verdict): string {
  return JSON.stringify([result, reasons, refusal ?? null, obligations ?? null, missing ?? null, stale ?? null]);
}

/**
 * Returns the result of a decision for a list: `misfit` for a request that no policy was asked about, because it does not fit the
 * schema. That of a call that went through while the service observed says what the rules say.
 */
export function resultText({
  result,
  observed,
  refusal,
}: Pick<DecisionRecord, 'result' | 'observed' | 'refusal'>): string {
  if (refusal?.code === 'invalid_request') return 'misfit';
  return observed === undefined ? result : `observed: ${observed.result}`;
}
