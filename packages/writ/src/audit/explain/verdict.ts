import type { Verdict } from '../../decide/decision.js';
import type { DecisionRecord } from '../../decide/record.js';

/** Returns whether every part of a verdict is the recorded one, bit for bit. */
export function isSame(record: DecisionRecord, verdict: Verdict): boolean {
  return partsOf(record) === partsOf(verdict);
}

function partsOf({ result, reasons, refusal, obligations, missing, stale }: Verdict): string {
  return JSON.stringify([result, reasons, refusal ?? null, obligations ?? null, missing ?? null, stale ?? null]);
}
