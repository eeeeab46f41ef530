import { stringify } from 'yaml';
import { visibleText } from '../../lib/visible-text.js';
import { failureLines } from './failure-text.js';
import { failedSteps, type TestReport } from './report.js';
import type { TaskResult } from './results.js';

type PathOf = (file: string) => string;

/**
 * Returns a report as TAP 14 with YAML diagnostics.
 *
 * @param pathOf returns the path of a file of the bundle from where the command runs
 */
export function tapOf({ tasks, coverage }: TestReport, pathOf: PathOf): string {
  return [
    'TAP version 14',
    `1..${tasks.length}`,
    ...tasks.flatMap((task, i) => [
      `${task.ok ? 'ok' : 'not ok'} ${i + 1} - ${description(`${task.file}: ${task.test}`)}`,
      ...diagnostics(task, pathOf),
    ]),
    ...(coverage === undefined ? [] : [`# conditions: ${coverage.percent} % of outcomes seen`]),
    '',
  ].join('\n');
}

/** Returns a text as a description: one line, in which no `#` begins a directive. */
function description(text: string): string {
  return visibleText(text.replace(/\s+/g, ' ').trim()).replace(/[\\#]/g, (character) => `\\${character}`);
}

function diagnostics(task: TaskResult, pathOf: PathOf): string[] {
  const duration = Math.round(1_000 * task.milliseconds) / 1_000;
  const failures = failedSteps(task).map((one) => {
    const { step, call, expected, actual, place } = one.first;
    return {
      step,
      call,
      expected,
      actual,
      at: { file: pathOf(place.file), line: place.line, column: place.column },
      why: failureLines(one, pathOf),
    };
  });
  const [first] = failures;
  const details =
    first === undefined
      ? { duration_ms: duration }
      : {
          message: `step ${first.step}, ${first.call}: expected ${first.expected}, got ${first.actual}`,
          severity: 'fail',
          duration_ms: duration,
          at: first.at,
          steps: failures,
        };
  const yaml = stringify(details, (_key, value: unknown) => (typeof value === 'string' ? visibleText(value) : value), {
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
  return [
    '  ---',
    ...yaml
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
    '  ...',
  ];
}
