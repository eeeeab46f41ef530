import { EVERYDAY } from '#writ/oracle-sql/everyday.js';
import { readSql } from '#writ/programs/sql/read-sql.js';
import { timeEach } from '../measure.js';
import type { Row } from '../row.js';

const CALLS = 201;
const TARGET_MS = 0.5;

/** Measures the cost of the facts of everyday statements. Each has its median, so that other work on the machine is not in it. */
export function sql(): Row[] {
  // Options of their own have a cache of their own.
  const readAfresh = (text: string): unknown => readSql(text, { searchPath: ['public'] });
  for (let i = 0; i < 50; i += 1) for (const text of EVERYDAY) readAfresh(text);
  const medians = EVERYDAY.map((text) => timeEach([text], readAfresh, CALLS).median / 1e6).sort((a, b) => a - b);
  const p99 = medians[Math.floor(medians.length * 0.99)] as number;
  const options = { searchPath: ['public'] };
  const cached = timeEach(EVERYDAY, (text) => readSql(text, options), 20_000).median / 1e6;
  return [
    {
      group: 'programs',
      name: `facts of ${EVERYDAY.length} everyday statements in SQL`,
      figures: { 'median ms': medians[medians.length >> 1] as number, 'p99 ms': p99, 'cached ms': cached },
      target: `p99 ≤ ${TARGET_MS} ms`,
      met: p99 <= TARGET_MS,
    },
  ];
}
