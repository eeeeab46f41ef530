import { Coverage } from '@writ/cedar';
import { type Bundle, readBundle } from '../bundle/bundle.js';
import { environmentFrom } from './environment-of.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, findingBlock, printError, printNote } from './output.js';
import { runTests } from './run-tests.js';
import { type CoverageReport, coverageReport, reaches } from './tests/coverage-report.js';
import { type TestFlags, type TestWish, wishOf } from './tests/flags.js';
import { removeReports, writeReport } from './tests/outputs.js';
import { PolicyPlaces } from './tests/policy-places.js';
import { nothingSelected, selected, testsOf } from './tests/select.js';
import { watchBundle } from './watch.js';

/** `writ test`: runs a bundle's tests, once or after each change. */
export async function test(folder: string, flags: TestFlags): Promise<ExitCode> {
  const wish = wishOf(flags);
  if (flags.watch === true) return watchBundle(folder, (signal) => testOnce(folder, flags, wish, signal));
  return (await testOnce(folder, flags, wish)) ?? EXIT.failed;
}

/** @returns undefined if it was stopped before the last test */
async function testOnce(
  folder: string,
  flags: TestFlags,
  wish: TestWish,
  signal?: AbortSignal,
): Promise<ExitCode | undefined> {
  removeReports(wish, folder);
  const bundle = readOrReport(folder, flags);
  if (bundle === undefined) return EXIT.failed;
  const all = testsOf(bundle);
  if (all.length === 0) {
    printError(`the bundle in ${folder} has no tests`, FIRST_TEST);
    return EXIT.usage;
  }
  const tests = selected(all, flags);
  if (tests.length === 0) {
    const { message, help } = nothingSelected(all, flags);
    throw new UsageError(message, help);
  }
  const places = new PolicyPlaces(bundle);
  const coverage = wish.measures ? new Coverage(places.policies.values()) : undefined;
  const { tasks, undetermined, isStopped } = await runTests(bundle, { tests, coverage, places, signal });
  if (isStopped) return undefined;
  const failed = tasks.filter(({ ok }) => !ok).length;
  const report = {
    name: bundle.settings.name,
    passed: tasks.length - failed,
    failed,
    leftOut: all.length - tests.length,
    tasks,
    undetermined: wish.isFiltered ? undefined : undetermined,
    coverage: coverage && coverageReport(coverage.report(), places),
  };
  writeReport(report, wish, bundle.root);
  const isCovered = coversEnough(report.coverage, wish.minCoverage);
  return failed === 0 && isCovered ? EXIT.ok : EXIT.failed;
}

/** Returns a bundle that can be decided with; undefined, with its errors printed, if it has any. */
function readOrReport(folder: string, flags: TestFlags): Bundle | undefined {
  const { bundle, findings, texts } = readBundle(folder, environmentFrom(flags.env));
  if (bundle !== undefined) return bundle;
  const errors = findings.filter(({ severity }) => severity === 'error');
  for (const finding of errors) printNote(`${findingBlock(finding, texts)}\n`);
  printError(`the bundle has ${count(errors.length, 'error')}: no test was run`, 'run `writ check` on it');
  return undefined;
}

function coversEnough(coverage: CoverageReport | undefined, least: number | undefined): boolean {
  if (coverage === undefined || least === undefined || reaches(coverage, least)) return true;
  printError(
    `the tests saw ${coverage.percent} % of the outcomes of conditions, and --min-coverage asks for ${least} %`,
    'write tests for the conditions that are listed, or ask for less',
  );
  return false;
}

const FIRST_TEST = `write the first into tests/first.yaml, for example
        tests:
          - test: an agent reads
            agent: Agent::"AGENT"
            for: User::"PERSON"
            steps:
              - { call: TOOL, input: {}, expect: allow }
      docs/bundles.md#tests has all that a test can say`;
