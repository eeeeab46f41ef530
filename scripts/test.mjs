// npm test [-- FILTER]: makes the checkout ready, runs every test, and ends with a line `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, setup } from './setup.mjs';
import { missingPrograms } from './test-programs.mjs';

setup();
const folder = mkdtempSync(join(tmpdir(), 'writ-test-'));
const report = join(folder, 'report.json');
const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, [vitest, ...args], { cwd: ROOT, stdio: 'inherit' });
const missing = missingPrograms();
if (missing.length > 0)
  console.log(
    `left out, because they are not here: tests with ${missing.join(', ')} (npm run test-programs installs them)`,
  );
try {
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  // A file that does not load has no test that could fail; it counts as one.
  const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const failed = numFailedTests + broken;
  console.log(`${numPassedTests} passed, ${failed} failed${numPendingTests > 0 ? `, ${numPendingTests} skipped` : ''}`);
  process.exitCode = status === 0 && failed === 0 && numFailedTestSuites === 0 && numPassedTests > 0 ? 0 : 1;
} catch {
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
