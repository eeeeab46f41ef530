import pc from 'picocolors';
import { count, print } from '../output.js';
import { coverageLines } from './coverage-text.js';
import { failureLines } from './failure-text.js';
import { oneLine } from './one-line.js';
import { placeText } from './policy-places.js';
import { failedSteps, type TestReport } from './report.js';

const MAX_NAME = 300;

/** Prints a report for a person. */
export function printReport({ tasks, passed, failed, leftOut, undetermined, coverage }: TestReport): void {
  let file = '';
  for (const task of tasks) {
    if (task.file !== file) print(pc.bold(task.file));
    file = task.file;
    const steps = pc.dim(`(${count(task.steps.length, 'step')})`);
    print(`  ${task.ok ? pc.green('✓') : pc.red('✗')} ${oneLine(task.test, MAX_NAME)} ${steps}`);
    for (const step of failedSteps(task)) {
      const { place, step: number, call } = step.first;
      print(`      ${placeText(place)}, step ${number}, ${oneLine(call, MAX_NAME)}`);
      print(`        expected ${pc.green(step.first.expected)}`);
      print(`        got      ${pc.red(step.first.actual)}`);
      for (const line of failureLines(step)) print(`        ${line}`);
    }
  }
  if (undetermined !== undefined && undetermined.length > 0)
    print(`\n${pc.yellow('no test is decided by')} ${undetermined.join(', ')}`);
  if (coverage !== undefined) print(`\n${coverageLines(coverage).join('\n')}`);
  const rest = leftOut === 0 ? '' : pc.dim(`, ${count(leftOut, 'test')} left out`);
  print(
    `\n${failed === 0 ? pc.green(`${passed} passed`) : `${passed} passed`}, ${failed > 0 ? pc.red(`${failed} failed`) : '0 failed'}${rest}`,
  );
}
