import { expect, it } from 'vitest';
import { honest } from '../honest/run.js';

/** A sample of each of three days; `npm run honest -w writ -- --count 5000` does all of it. */
it('an honest coding agent works for three days without a denial, and with questions about dictated values alone', async () => {
  const report = await honest({ count: 500, days: 3, seed: 7 });
  expect(report).toMatchObject({ calls: 500, denied: [], askedInVain: [] });
  expect(report.writes).toBeGreaterThanOrEqual(report.calls / 3);
  // The rules are in force: what an issue dictates is asked about.
  expect(report.dictated).toBeGreaterThan(3);
  expect(report.asked).toBe(report.dictated);
});
