import { visibleText } from '../../lib/visible-text.js';
import { failureLines } from './failure-text.js';
import { failedSteps, type TestReport } from './report.js';
import type { TaskResult } from './results.js';

type PathOf = (file: string) => string;

/**
 * Returns a report as JUnit XML: a file of tests is a suite, a test a case. Characters that XML cannot have, and those that nobody sees,
 * are shown as their numbers.
 *
 * @param pathOf returns the path of a file of the bundle from where the command runs
 */
export function junitOf({ name, tasks, coverage }: TestReport, pathOf: PathOf): string {
  const suites = new Map<string, TaskResult[]>();
  for (const task of tasks) {
    const known = suites.get(task.file);
    if (known === undefined) suites.set(task.file, [task]);
    else known.push(task);
  }
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: `writ test: ${name}`, ...countsOf(tasks) })}>`,
    ...[...suites].flatMap(([file, some]) => suiteLines(file, pathOf, some, coverage?.percent)),
    '</testsuites>',
    '',
  ].join('\n');
}

function suiteLines(file: string, pathOf: PathOf, tasks: readonly TaskResult[], percent: number | undefined): string[] {
  const path = pathOf(file);
  return [
    `  <testsuite${attributes({ name: file, file: path, ...countsOf(tasks) })}>`,
    ...(percent === undefined
      ? []
      : [`    <properties><property${attributes({ name: 'conditions seen, %', value: percent })}/></properties>`]),
    ...tasks.flatMap((task) => caseLines(task, path, pathOf)),
    '  </testsuite>',
  ];
}

function caseLines(task: TaskResult, path: string, pathOf: PathOf): string[] {
  const { test, file, place, milliseconds } = task;
  const classname = file.replace(/\.yaml$/, '').replaceAll('/', '.');
  const own = { name: test, classname, file: path, line: place.line, time: seconds(milliseconds) };
  const failed = failedSteps(task);
  const [first] = failed;
  if (first === undefined) return [`    <testcase${attributes(own)}/>`];
  // A case has one failure for the readers that count them; its text has all steps.
  const { step, call, expected, actual } = first.first;
  const message = `step ${step}, ${call}: expected ${expected}, got ${actual}`;
  const text = failed
    .flatMap((one) => [
      `${path}:${one.first.place.line}:${one.first.place.column}`,
      `step ${one.first.step}, ${one.first.call}`,
      `expected ${one.first.expected}`,
      `got      ${one.first.actual}`,
      ...failureLines(one, pathOf),
      '',
    ])
    .join('\n');
  return [
    `    <testcase${attributes(own)}>`,
    `      <failure${attributes({ type: 'expectation', message })}>${escaped(text)}</failure>`,
    '    </testcase>',
  ];
}

function countsOf(tasks: readonly TaskResult[]): Readonly<Record<string, string | number>> {
  const total = tasks.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return {
    tests: tasks.length,
    failures: tasks.filter(({ ok }) => !ok).length,
    errors: 0,
    skipped: 0,
    time: seconds(total),
  };
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value)).replaceAll('\n', '&#10;')}"`)
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return visibleText(text).replace(/[&<>"]/g, (character) => ENTITIES[character] as string);
}
