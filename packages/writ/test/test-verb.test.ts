import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { test } from '../src/cli/test.js';
import type { TestReport } from '../src/cli/tests/report.js';
import { BUNDLE } from './desk.js';
import { commandHere, printed } from './printed.js';

/** `writ test` over the bundle of the support desk, with what a case changes. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-test-verb-'));
  cpSync(BUNDLE, folder, {
    recursive: true,
    filter: (path) => !/node_modules|dist|src/.test(path.slice(BUNDLE.length)),
  });
});
// Reports are read as a terminal of the usual width shows them.
beforeAll(() => void vi.stubEnv('COLUMNS', undefined));
afterAll(() => void vi.unstubAllEnvs());
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function change(file: string, how: (text: string) => string): void {
  const path = join(folder, file);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const after = how(before);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
}

type Flags = Parameters<typeof test>[1];
const run = (flags: Flags): Promise<{ code: number; out: string }> => printed(() => test(folder, flags));
const reportOf = async (flags: Flags): Promise<TestReport & { readonly code: number }> => {
  const { code, out } = await run({ ...flags, json: true });
  return { code, ...JSON.parse(out) };
};

const onlyTest = (steps: string, rest = ''): void => {
  for (const file of ['access', 'files', 'mail', 'refunds']) rmSync(join(folder, `tests/${file}.yaml`));
  change(
    'tests/own.yaml',
    () => `tests:\n  - test: own\n    agent: Agent::"support-bot"\n    for: User::"ana"\n${rest}    steps:\n${steps}`,
  );
};
const refund = (amount: number, expected: string): string =>
  `      - { call: refund_order, input: { order_id: o-1, amount: ${amount}, reason: x }, ${expected} }\n`;

it('shows a step that failed: what decided, where it stands, and what was not so, in 80 columns', async () => {
  onlyTest(refund(19_000, 'expect: deny, because: [refund-limit-single]'));
  const { code, out } = await run({});
  expect(code).toBe(1);
  expect(out).toContain(`  ✗ own (1 step)
      tests/own.yaml:6:9, step 1, refund_order
        expected deny because of refund-limit-single
        got      allow because of support-team-works-the-desk
        members of the support team work the desk [support-team-works-the-desk]
        support-team-works-the-desk permits User::"ana" and Agent::"support-bot"
            (policies/access.cedar:3:1)
        refund-limit-single would forbid User::"ana" and Agent::"support-bot"
            (policies/refunds.cedar:3:1), but this is false
          context.input.amount > 20000
`);
  expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

it('shows of an expected permit the forbid with its condition, or the permit that is not for the identity', async () => {
  onlyTest(refund(30_000, 'expect: allow'));
  expect((await run({})).out).toContain(
    'refund-limit-single forbids User::"ana" and Agent::"support-bot"\n            (policies/refunds.cedar:3:1)\n          when context.input.amount > 20000\n',
  );
  change('tests/own.yaml', (text) => text.replace('Agent::"support-bot"', 'Agent::"stranger"').replace('30000', '1'));
  expect((await run({})).out).toContain(
    'support-team-works-the-desk would permit Agent::"stranger"\n            (policies/access.cedar:3:1), but this is false\n          principal in Team::"support"\n',
  );
});

it('names the policy that was meant by an id that no policy has', async () => {
  onlyTest(refund(30_000, 'expect: deny, because: [refund-limit-singel]'));
  expect((await run({})).out).toContain(
    'no policy has the id refund-limit-singel; did you mean\n            refund-limit-single?\n',
  );
});

it('shows a forbid that could not be evaluated, which denies', async () => {
  change('policies/refunds.cedar', (text) => text.replace('amount > 20000', 'amount + 9223372036854775807 > 0'));
  onlyTest(refund(1, 'expect: allow'));
  expect((await run({})).out).toContain(
    'refund-limit-single would forbid User::"ana" and Agent::"support-bot"\n            (policies/refunds.cedar:3:1), but this could not be evaluated\n          context.input.amount + 9223372036854775807 > 0\n',
  );
});

it('says where a test stands that cannot be run', async () => {
  onlyTest(refund(30_000, 'expect: allow, approve: true'));
  const { code, out } = await commandHere('test', folder);
  expect([code, out]).toEqual([
    2,
    expect.stringContaining('tests/own.yaml:2:5: own: nobody would be asked to approve refund_order'),
  ]);
});

it('shows a repeated step that fails once, and accounts for it once', async () => {
  onlyTest(refund(1, 'expect: deny, times: 300'));
  const { out } = await run({});
  expect(out).toContain('(300 steps)');
  expect(out).toContain('and 299 times more in this step');
  expect(out.match(/tests\/own\.yaml:6:9/g)).toHaveLength(1);
  const { tasks } = await reportOf({});
  expect(tasks[0]?.steps.filter(({ account }) => account !== undefined)).toHaveLength(1);
});

it('runs the tests of a filter, and says nothing about the rest', async () => {
  const { code, out } = await run({ only: 'one refund over' });
  expect([code, out]).toEqual([
    0,
    'tests/refunds.yaml\n  ✓ one refund over the limit (1 step)\n\n1 passed, 0 failed, 17 tests left out\n',
  ]);
  expect(await reportOf({ file: 'refunds' })).toMatchObject({ passed: 5, leftOut: 13 });
  expect((await reportOf({ file: 'refunds' })).undetermined).toBeUndefined();
});

it.each([
  [['--only', 'refnd'], 'no test has "refnd" in its name or file'],
  [['--only', ''], 'the text of --only or --file is empty'],
  [['--format', 'xml'], 'there is no format "xml"\n      it is one of text, json, junit, tap'],
  [['--format', 'tap', '--json'], '--json and --format tap are two formats'],
  [['--out', 'x.xml'], '--out is for a report'],
  [['--watch', '--format', 'tap'], '--watch prints one report after the other, which is no tap'],
  [['--min-coverage', '101'], '--min-coverage is a number from 0 to 100, not "101"'],
  [['--min-coverage', '8e1'], '--min-coverage is a number from 0 to 100, not "8e1"'],
  [['--min-coverage', '80', '--only', 'refund'], '--min-coverage is about all tests'],
])('refuses %j as wrong use', async (flags, message) => {
  const { code, out } = await commandHere('test', folder, ...flags);
  expect([code, out]).toEqual([2, expect.stringContaining(message)]);
});

it('never writes a report over a file of the bundle', async () => {
  const file = join(folder, 'policies/refunds.cedar');
  const before = readFileSync(file, 'utf8');
  for (const flag of ['--out', '--coverage-lcov'])
    expect(await commandHere('test', folder, '--format', 'json', '--out', 'x.json', flag, file)).toMatchObject({
      code: 2,
      out: expect.stringContaining(`${file} is a file of the bundle`),
    });
  expect(readFileSync(file, 'utf8')).toBe(before);
});

it('writ check refuses --watch with --json', async () => {
  expect(await commandHere('check', folder, '--watch', '--json')).toMatchObject({ code: 2 });
});

it('says of a bundle without tests what to write, and is no success', async () => {
  rmSync(join(folder, 'tests'), { recursive: true });
  const { code, out } = await run({});
  expect(code).toBe(2);
  expect(out).toContain(`the bundle in ${folder} has no tests\n      write the first into tests/first.yaml`);
});

it('writes a report beside its text, and leaves no old one after a run that cannot be made', async () => {
  const file = join(folder, 'reports/junit.xml');
  const { code, out } = await run({ format: 'junit', out: file });
  expect([code, out]).toEqual([0, expect.stringContaining('18 passed, 0 failed')]);
  const xml = readFileSync(file, 'utf8');
  expect(xml).toContain('tests="18" failures="0"');
  // Elsewhere than the current folder, a path is whole.
  expect(xml).toContain(`file="${folder}/tests/refunds.yaml" line="2"`);
  change('policies/refunds.cedar', (text) => text.replace('forbid (', 'forbid ('.slice(0, -1)));
  const broken = await run({ format: 'junit', out: file });
  expect(broken.code).toBe(1);
  expect(broken.out).toMatch(
    /policies\/refunds\.cedar:\d+:\d+ error [\s\S]* no test was run\n {6}run `writ check` on it\n$/,
  );
  expect(existsSync(file)).toBe(false);
});

it('prints TAP alone on standard output', async () => {
  const { code, out } = await run({ format: 'tap', file: 'refunds' });
  expect(code).toBe(0);
  expect(out).toMatch(/^TAP version 14\n1\.\.5\nok 1 - tests\/refunds\.yaml: refunds within the limits\n {2}---\n/);
});

it('reports the conditions that no test made true or false, with places', async () => {
  onlyTest(refund(19_000, 'expect: allow'));
  const { code, out } = await run({ coverage: true });
  expect(code).toBe(0);
  expect(out).toMatch(/\nconditions: \d+(\.\d)? % of outcomes seen \(\d+ of 20\)\n/);
  expect(out).toContain(`  refund-limit-single: 1 of 2
    policies/refunds.cedar:6:8 never true: when context.input.amount > 20000
`);
  expect(out).toContain('  release-team-deploys: no test makes it apply\n    policies/access.cedar:11:1\n');
  expect(out).toMatch(/policies\/files\.cedar:4:\d+ never reached: (when|unless) /);
  expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  const { coverage } = await reportOf({ coverage: true });
  expect(coverage?.policies.find(({ policy }) => policy === 'refund-limit-single')).toMatchObject({
    ...{ place: { file: 'policies/refunds.cedar', line: 3, column: 1 }, applied: false, seen: 1, total: 2 },
    conditions: [{ kind: 'when', place: { line: 6, column: 8 }, wasTrue: false, wasFalse: true }],
  });
  expect((await reportOf({})).coverage).toBeUndefined();
});

it('does not count what a condition would be when a limit ends', async () => {
  change('policies/refunds.cedar', (text) =>
    text.replace(
      'when { context.ledger.refunded > 50000 }',
      'when { context.input.reason == "x" } when { context.ledger.refunded > 50000 }',
    ),
  );
  const first =
    '      - { call: refund_order, input: { order_id: o-1, amount: 20000, reason: y }, expect: allow, times: 2 }\n';
  onlyTest(`${first}${refund(20_000, 'expect: deny, because: [refund-limit-daily]')}`);
  const { code, coverage } = await reportOf({ coverage: true });
  const [reason, refunded] = coverage?.policies.find(({ policy }) => policy === 'refund-limit-daily')?.conditions ?? [];
  expect([code, reason?.wasTrue, reason?.wasFalse]).toEqual([0, true, true]);
  expect([refunded?.wasTrue, refunded?.wasFalse]).toEqual([true, false]);
});

it('fails below a wanted coverage, exactly', async () => {
  const { coverage } = await reportOf({ coverage: true });
  expect(coverage).toMatchObject({ seen: 19, total: 20, percent: 95 });
  expect((await run({ minCoverage: '95' })).code).toBe(0);
  const { code, out } = await run({ minCoverage: '95.001' });
  expect(code).toBe(1);
  expect(out.replace(/\s+/g, ' ')).toContain(
    'the tests saw 95 % of the outcomes of conditions, and --min-coverage asks for 95.001 %',
  );
});

it('writes lcov whose lines and branches are those of the policies', async () => {
  const file = join(folder, 'lcov.info');
  await run({ coverageLcov: file });
  const records = readFileSync(file, 'utf8').split('end_of_record\n');
  const refunds = records.find((record) => record.includes('SF:') && record.includes('refunds.cedar')) ?? '';
  const lines = readFileSync(join(folder, 'policies/refunds.cedar'), 'utf8').split('\n');
  expect(refunds.split('\n')).toEqual(
    expect.arrayContaining([
      `SF:${folder}/policies/refunds.cedar`,
      'FN:3,refund-limit-single',
      'FNH:2',
      'BRF:4',
      'BRH:4',
    ]),
  );
  const hit = [...refunds.matchAll(/^DA:(\d+),1$/gm)].map(([, line]) => lines[Number(line) - 1]);
  expect(hit).toEqual([
    '@id("refund-limit-single")',
    'when { context.input.amount > 20000 };',
    '@id("refund-limit-daily")',
    'when { context.ledger.refunded > 50000 };',
  ]);
});
