import { isPermitted, type Verdict } from '@writ/sdk/authzen';

/**
 * Returns the first of some moments from which on a refused request would get a better answer, in ms since the epoch; undefined if
 * waiting alone does not help. At most eight verdicts are made: it is for what is denied, which somebody may ask in a loop.
 *
 * @param ends the moments at which something ends that the verdict depends on, in their order
 * @param verdictAt returns the verdict at a moment, if nothing more is counted until then
 */
export function retryTime(
  refused: Verdict,
  ends: readonly number[],
  verdictAt: (time: number) => Verdict,
): number | undefined {
  const isBetter = (time: number): boolean => {
    const verdict = verdictAt(time);
    return isPermitted(verdict) || (refused.result === 'deny' && verdict.result === 'step_up');
  };
  const last = ends.length - 1;
  if (last < 0 || !isBetter(ends[last] as number)) return undefined;
  let [low, high] = [0, last];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBetter(ends[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return ends[high];
}
