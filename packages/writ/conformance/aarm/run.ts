import { CHECKS } from './checks.js';
import { Office } from './office.js';

export interface CheckResult {
  readonly requirement: string;
  readonly level: string;
  readonly test: string;
  readonly expected: string;
  /** What was not as expected; undefined when all was. */
  readonly why?: string;
}

/**
 * Runs the technical tests of AARM's conformance table, one after the other, over one running gateway.
 *
 * @param bin the command `writ`
 * @param bundle the bundle of examples/aarm
 * @param tell is handed the table, a line at a time
 * @param only those of these requirements; all when it is not given
 */
export async function runAarm(
  bin: string,
  bundle: string,
  tell: (line: string) => void,
  only: (requirement: string) => boolean = () => true,
): Promise<CheckResult[]> {
  const office = await Office.open(bin, bundle);
  const results: CheckResult[] = [];
  tell('| req | level | test | expected | result |');
  tell('| --- | --- | --- | --- | --- |');
  try {
    for (const { requirement, level, test, expected, run } of CHECKS.filter((check) => only(check.requirement))) {
      let why: string | undefined;
      try {
        await run(office);
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
      }
      results.push({ requirement, level, test, expected, ...(why === undefined ? {} : { why }) });
      tell(
        `| ${requirement} | ${level} | ${test} | ${expected} | ${why === undefined ? 'passed' : `failed: ${why}`} |`,
      );
    }
  } finally {
    await office.close();
  }
  return results;
}
