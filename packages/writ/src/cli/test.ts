import pc from 'picocolors';
import { loadBundle } from '../bundle/bundle.js';
import { environmentFrom } from './environment-of.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printJson } from './output.js';
import { runTests } from './run-tests.js';

/** `writ test`: runs a bundle's tests. */
export async function test(
  folder: string,
  options: { readonly env?: string; readonly json?: boolean },
): Promise<ExitCode> {
  const run = await runTests(loadBundle(folder, environmentFrom(options.env)));
  const failed = run.tasks.filter(({ ok }) => !ok).length;
  const passed = run.tasks.length - failed;
  if (options.json === true) {
    printJson({ passed, failed, ...run });
  } else {
    let file = '';
    for (const task of run.tasks) {
      if (task.file !== file) print(pc.bold(task.file));
      file = task.file;
      print(
        `  ${task.ok ? pc.green('✓') : pc.red('✗')} ${task.test} ${pc.dim(`(${count(task.steps.length, 'step')})`)}`,
      );
      for (const [i, step] of task.steps.entries()) {
        if (step.ok) continue;
        print(`      step ${i + 1}, ${step.call}`);
        print(`        expected ${pc.green(step.expected)}`);
        print(`        got      ${pc.red(step.actual)}`);
        print(pc.dim(`        ${step.why}`));
      }
    }
    if (run.undetermined.length > 0) print(`\n${pc.yellow('no test is decided by')} ${run.undetermined.join(', ')}`);
    print(
      `\n${failed === 0 ? pc.green(`${passed} passed`) : `${passed} passed`}, ${failed > 0 ? pc.red(`${failed} failed`) : '0 failed'}`,
    );
  }
  return failed === 0 && run.tasks.length > 0 ? EXIT.ok : EXIT.failed;
}
