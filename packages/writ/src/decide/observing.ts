import type { Observed, Verdict } from '@writ/sdk/authzen';
import type { Caller } from './caller.js';
import type { DecisionRecord } from './record.js';

/**
 * Whether the service observes: calls through its gateway that the rules would stop go through, with the result that they would have
 * had on the record. It begins at the first start of a data folder alone, and ends by itself (serve/observation.ts).
 */
export interface Observing {
  /** @param now the later of the trusted time and that of the machine */
  isOn(now: Date): boolean;
}

/** The rules hold. */
export const ENFORCING: Observing = { isOn: () => false };

/** Returns whether the calls of a caller go through whatever the rules say of them. Considering a call is not making it. */
export function goesThrough(
  observing: Observing,
  { caller, id, latest }: { readonly caller: Caller; readonly id: string | undefined; readonly latest: Date },
): boolean {
  return id !== undefined && caller.isObserved === true && caller.isWrit !== true && observing.isOn(latest);
}

/** Returns the permit of a call that goes through, with the result that it would have had. */
export function letThrough({ result, reasons, refusal, missing, undescribed }: Verdict): Verdict {
  const observed: Observed = {
    result: result as Observed['result'],
    reasons,
    ...(refusal === undefined ? {} : { refusal }),
    ...(missing === undefined ? {} : { missing }),
  };
  return { result: 'allow', reasons: [], observed, ...(undescribed === undefined ? {} : { undescribed }) };
}

/** Returns a record as the rules decided it: of a call that went through while the service observed, the denial that it was not. */
export function asDecided(record: DecisionRecord): DecisionRecord {
  const { observed, ...rest } = record;
  return observed === undefined ? record : { ...rest, ...observed };
}
