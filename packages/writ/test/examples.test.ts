import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../src/cli/check.js';
import { test } from '../src/cli/test.js';
import type { TestReport } from '../src/cli/tests/report.js';
import { printed } from './printed.js';
import { EXAMPLES } from './running.js';

/** Every bundle under examples/ checks and passes its own tests. */

const bundles = ['', 'packs/', 'patterns/']
  .filter((folder) => existsSync(join(EXAMPLES, folder)))
  .flatMap((folder) => readdirSync(join(EXAMPLES, folder)).map((name) => `${folder}${name}`))
  .filter((name) => existsSync(join(EXAMPLES, name, 'writ.yaml')));
describe.each(bundles)('examples/%s', (name) => {
  it('has nothing that writ check would find', async () => {
    const { code, out } = await printed(() => check(join(EXAMPLES, name), { json: true }));
    expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ errors: 0, findings: [] })]);
  });

  it('passes its tests, and each of its policies is decided by one', async () => {
    const { code, out } = await printed(() => test(join(EXAMPLES, name), { json: true, coverage: true }));
    const { passed, failed, undetermined, coverage } = JSON.parse(out) as TestReport;
    expect([code, failed, undetermined]).toEqual([0, 0, []]);
    // Coverage evaluates by itself: where it differed from the engine, a policy that decides would not apply.
    expect(coverage?.policies.filter(({ applied }) => !applied)).toEqual([]);
    expect(coverage?.percent).toBeGreaterThan(60);
    expect(passed).toBeGreaterThan(0);
  });
});
