import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, whatever the processor. */
const US_A_TICK = 10_000;

/** Returns the processor time that processes have used, in microseconds. */
export function cpuUs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may have spaces.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) * US_A_TICK;
  }, 0);
}
