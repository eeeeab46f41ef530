import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import type { CoverageReport } from './coverage-report.js';
import { junitOf } from './junit.js';
import { lcovOf } from './lcov.js';
import type { TestReport } from './report.js';
import type { StepResult, TaskResult } from './results.js';
import { tapOf } from './tap.js';

/** Characters that would end a value, begin a directive, or that XML cannot have. */
const HOSTILE = 'a ]]> & <b c="d"> \u0000\u001b[31m\u202e\ud800\uffff # TODO \\ é 😀\n  ...\nok 7 - no test';

const step = (number: number, ok: boolean, more: Partial<StepResult> = {}): StepResult => ({
  ...{ call: 'pay', step: number, place: { file: 'tests/b.yaml', line: 10 + number, column: 9 }, ok },
  ...{ expected: 'deny', actual: ok ? 'deny' : 'allow', why: HOSTILE },
  ...more,
});
const task = (file: string, test: string, steps: readonly StepResult[]): TaskResult => {
  const ok = steps.every((one) => one.ok);
  return { file, test, place: { file, line: 3, column: 5 }, ok, milliseconds: 1_234.5678, steps };
};
const REPORT: TestReport = {
  ...{ name: HOSTILE, passed: 1, failed: 2, leftOut: 0, undetermined: [], coverage: undefined },
  tasks: [
    task('tests/a.yaml', 'fine', [step(1, true)]),
    task('tests/b.yaml', HOSTILE, [step(1, true), step(2, false), step(2, false), step(3, false)]),
    task('tests/b.yaml', 'also', [
      step(1, false, {
        account: {
          ...{ more: 2, misnamed: [{ id: 'limt', meant: 'limit' }] },
          policies: [
            {
              ...{ policy: 'limit', effect: 'forbid', identities: ['User::"ana"'], applied: false },
              place: { file: 'policies/p.cedar', line: 4, column: 1 },
              parts: [{ kind: 'when', text: 'context.amount > 5' }],
            },
          ],
        },
      }),
    ]),
  ],
};
const pathOf = (file: string): string => `rules/${file}`;

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#10': '\n' };
const decoded = (text: string): string => text.replace(/&([^;]*);/g, (_all, name: string) => ENTITIES[name] as string);
const TEXT = /^(?:[^&<]|&(?:amp|lt|gt|quot|apos|#10);)*/;
const TAG = /^<(\/?)([a-z]+)((?: [a-z]+="(?:[^&<"\n]|&(?:amp|lt|gt|quot|apos|#10);)*")*)(\/?)>/;

/** Reads the XML that a report needs, and nothing that is not well formed. */
const readXml = (xml: string): Element => {
  expect(xml).not.toMatch(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
  expect(xml.replaceAll('&gt;', '')).not.toContain(']]>');
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  let rest = xml.replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n/, '');
  while (rest !== '') {
    const [text = ''] = TEXT.exec(rest) ?? [];
    const inner = open.at(-1) as Element;
    inner.text += decoded(text);
    rest = rest.slice(text.length);
    if (rest === '') break;
    const tag = TAG.exec(rest);
    if (tag === null) throw new Error(`not well formed: ${rest.slice(0, 80)}`);
    const [all, end, name = '', given = '', empty] = tag;
    rest = rest.slice(all.length);
    if (end === '/') {
      expect(open.pop()?.name).toBe(name);
      continue;
    }
    const pairs = [...given.matchAll(/ ([a-z]+)="([^"]*)"/g)].map(([, key, value]) => [key, decoded(value as string)]);
    const element: Element = { name, attributes: Object.fromEntries(pairs), children: [], text: '' };
    expect(Object.keys(element.attributes)).toHaveLength(pairs.length);
    inner.children.push(element);
    if (empty === '') open.push(element);
  }
  expect(open).toEqual([root]);
  expect(root.children).toHaveLength(1);
  return root.children[0] as Element;
};

const SHOWN = 'a ]]> & <b c="d"> <U+0000><U+001B>[31m<U+202E><U+D800><U+FFFF> # TODO \\ é 😀\n  ...\nok 7 - no test';

it('writes JUnit XML with suites, cases, seconds, and a failure with its place', () => {
  const suites = readXml(junitOf(REPORT, pathOf));
  expect(suites).toMatchObject({
    name: 'testsuites',
    attributes: { name: `writ test: ${SHOWN}`, tests: '3', failures: '2', errors: '0', skipped: '0', time: '3.704' },
  });
  expect(
    suites.children.map(({ name, attributes: { name: file, tests, failures } }) => [name, file, tests, failures]),
  ).toEqual([
    ['testsuite', 'tests/a.yaml', '1', '0'],
    ['testsuite', 'tests/b.yaml', '2', '2'],
  ]);
  const [fine, hostile, also] = suites.children.flatMap(({ children }) => children);
  expect(fine).toMatchObject({
    attributes: { name: 'fine', classname: 'tests.a', file: 'rules/tests/a.yaml', line: '3', time: '1.235' },
    children: [],
  });
  const [failure, ...more] = hostile?.children ?? [];
  expect([hostile?.attributes.name, failure?.name, more]).toEqual([SHOWN, 'failure', []]);
  expect(failure?.attributes.message).toBe('step 2, pay: expected deny, got allow');
  expect(failure?.text.startsWith('rules/tests/b.yaml:12:9\nstep 2, pay\nexpected deny\ngot      allow\n')).toBe(true);
  expect(failure?.text).toContain('and 1 time more in this step');
  expect(failure?.text).toContain('\nrules/tests/b.yaml:13:9\nstep 3, pay\n');
  expect(also?.children[0]?.text).toContain(
    'limit would forbid User::"ana" (rules/policies/p.cedar:4:1), but this is false\n  context.amount > 5\n',
  );
});

it('writes XML that the parser of Python reads, where there is one', () => {
  const program = `import sys, xml.etree.ElementTree as E
print([c.get('name') for c in E.fromstring(sys.stdin.buffer.read()).iter('testcase')])`;
  const { status, stdout, stderr, error } = spawnSync('python3', ['-c', program], {
    ...{ input: junitOf(REPORT, pathOf), encoding: 'utf8' },
    env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
  });
  if (error !== undefined) return;
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain("['fine', 'a ]]> & <b");
});

interface TapTest {
  readonly ok: boolean;
  readonly number: number;
  readonly description: string;
  readonly details: unknown;
}

/** Reads TAP 14 without subtests; refuses a line that is not of it. */
const readTap = (tap: string): { readonly tests: TapTest[]; readonly comments: string[] } => {
  const [version, plan, ...lines] = tap.trimEnd().split('\n');
  expect(version).toBe('TAP version 14');
  const tests: TapTest[] = [];
  const comments: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] as string;
    if (line.startsWith('# ')) {
      comments.push(line.slice(2));
      continue;
    }
    const found = /^(not )?ok ([0-9]+) - ((?:\\[\\#]|[^\\#])*)$/.exec(line);
    if (found === null) throw new Error(`no line of TAP: ${line}`);
    expect(lines[at + 1]).toBe('  ---');
    const end = lines.indexOf('  ...', at);
    const yaml = lines.slice(at + 2, end).map((one) => {
      expect(one.startsWith('  ')).toBe(true);
      return one.slice(2);
    });
    tests.push({
      ...{ ok: found[1] === undefined, number: Number(found[2]) },
      description: (found[3] as string).replace(/\\(.)/g, '$1'),
      details: parse(yaml.join('\n')),
    });
    at = end;
  }
  expect(plan).toBe(`1..${tests.length}`);
  expect(tests.map(({ number }) => number)).toEqual(tests.map((_, i) => i + 1));
  return { tests, comments };
};

it('writes TAP 14 with diagnostics in YAML', () => {
  const { tests } = readTap(tapOf(REPORT, pathOf));
  expect(tests.map(({ ok }) => ok)).toEqual([true, false, false]);
  expect(tests[0]).toMatchObject({ description: 'tests/a.yaml: fine', details: { duration_ms: 1234.568 } });
  expect(tests[1]?.description).toBe(`tests/b.yaml: ${SHOWN.replace(/\s+/g, ' ')}`);
  expect(tests[1]?.details).toMatchObject({
    message: 'step 2, pay: expected deny, got allow',
    severity: 'fail',
    at: { file: 'rules/tests/b.yaml', line: 12, column: 9 },
    steps: [
      { step: 2, call: 'pay', expected: 'deny', actual: 'allow' },
      { step: 3, at: { file: 'rules/tests/b.yaml', line: 13, column: 9 } },
    ],
  });
});

const COVERAGE: CoverageReport = {
  ...{ seen: 3, total: 7, percent: 42.8 },
  policies: [
    {
      ...{ policy: 'a, b', place: { file: 'policies/p.cedar', line: 1, column: 1 }, applied: false, seen: 3, total: 6 },
      conditions: [
        { kind: 'when', condition: 0, text: 'x && y', line: 2, wasTrue: false, wasFalse: true },
        { kind: 'part', condition: 0, text: 'x', line: 2, wasTrue: true, wasFalse: true },
        { kind: 'part', condition: 0, text: 'y', line: 3, wasTrue: false, wasFalse: false },
      ].map(
        ({ line, ...one }) => ({ ...one, place: { file: 'policies/p.cedar', line, column: 1 } }) as const,
      ) as CoverageReport['policies'][number]['conditions'],
    },
    {
      ...{ policy: 'plain', place: { file: 'policies/q.cedar', line: 5, column: 1 }, applied: true, seen: 1, total: 1 },
      conditions: [],
    },
  ],
};

it('writes lcov: policies as functions, outcomes as branches', () => {
  expect(lcovOf(COVERAGE, pathOf).split('\n')).toEqual([
    ...['TN:', 'SF:rules/policies/p.cedar', 'FN:1,a; b', 'FNDA:0,a; b', 'FNF:1', 'FNH:0'],
    ...['BRDA:2,0,0,0', 'BRDA:2,0,1,1', 'BRDA:2,1,0,1', 'BRDA:2,1,1,1', 'BRDA:3,2,0,-', 'BRDA:3,2,1,-'],
    ...['BRF:6', 'BRH:3', 'DA:1,0', 'DA:2,1', 'DA:3,0', 'LF:3', 'LH:1', 'end_of_record'],
    ...['TN:', 'SF:rules/policies/q.cedar', 'FN:5,plain', 'FNDA:1,plain', 'FNF:1', 'FNH:1', 'BRF:0', 'BRH:0'],
    ...['DA:5,1', 'LF:1', 'LH:1', 'end_of_record', ''],
  ]);
});

it('names the coverage in TAP and JUnit', () => {
  const report = { ...REPORT, coverage: COVERAGE };
  expect(readTap(tapOf(report, pathOf)).comments).toEqual(['conditions: 42.8 % of outcomes seen']);
  const [suite] = readXml(junitOf(report, pathOf)).children;
  expect(suite?.children[0]?.children[0]?.attributes).toEqual({ name: 'conditions seen, %', value: '42.8' });
});
