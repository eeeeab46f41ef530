import { EVERYDAY } from '#writ/oracle-shell/everyday.js';
import { readAfresh, readShell } from '#writ/programs/shell/read-shell.js';
import { timeEach } from '../measure.js';
import type { Row } from '../row.js';

const CALLS = 201;
const TARGET_MS = 0.3;

/** Measures the cost of the facts of everyday commands. Each command has its median, so that other work on the machine is not in it. */
export function shell(): Row[] {
  const texts = EVERYDAY.map(([text]) => text);
  for (let i = 0; i < 50; i += 1) for (const text of texts) readAfresh(text);
  const medians = texts
    .map((text) => timeEach([text], (arg) => readAfresh(arg), CALLS).median / 1e6)
    .sort((a, b) => a - b);
  const p99 = medians[Math.floor(medians.length * 0.99)] as number;
  const cached = timeEach(texts, (text) => readShell(text), 20_000).median / 1e6;
  return [
    {
      group: 'programs',
      name: `shell facts of ${texts.length} everyday commands`,
      figures: { 'median ms': medians[medians.length >> 1] as number, 'p99 ms': p99, 'cached ms': cached },
      target: `p99 ≤ ${TARGET_MS} ms`,
      met: p99 <= TARGET_MS,
    },
  ];
}
