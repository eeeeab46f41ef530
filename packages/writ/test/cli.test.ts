import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../src/cli/check.js';
import { inProcess } from '../src/decide/caller.js';
import { BUNDLE, type RunningDesk, startDesk } from './desk.js';
import { printed } from './printed.js';

const WRIT = fileURLToPath(new URL('../bin/writ.js', import.meta.url));

function writ(args: readonly string[], input?: string): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [WRIT, ...args], {
    encoding: 'utf8',
    input: input ?? '',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { code: status, out: stdout, err: stderr };
}

describe('exit codes', () => {
  it.each([
    ['start on every address without TLS', ['start', '--bundle', BUNDLE, '--host', '0.0.0.0']],
    ['start with half of a certificate', ['start', '--bundle', BUNDLE, '--tls-cert', 'x.pem']],
    ['an unknown verb', ['nope']],
    ['an unknown flag', ['check', BUNDLE, '--nope']],
    ['a missing argument', ['check']],
    ['a port that is none', ['start', '--bundle', BUNDLE, '--port', '99999']],
    ['an identity that is none', ['guard', '--for', 'ana', '--', 'true']],
    ['a file that is not there', ['bundle', 'decide', BUNDLE, '/nowhere.json']],
    ['a request that is not JSON', ['bundle', 'decide', BUNDLE, '-']],
  ])('%s is wrong use: 2', (_name, args) => {
    const { code, err } = writ(args, '{');
    expect([code, err === '']).toEqual([2, false]);
    expect(err).not.toContain('    at ');
  });

  it('help is no error', () => {
    expect(writ(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('guard') });
  });
});

describe('writ check', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'writ-check-'));
    cpSync(BUNDLE, folder, {
      recursive: true,
      filter: (path) => !/node_modules|dist|src/.test(path.slice(BUNDLE.length)),
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const broken = async (file: string, change: (text: string) => string, options: { readonly json?: boolean } = {}) => {
    const original = readFileSync(join(BUNDLE, file), 'utf8');
    writeFileSync(join(folder, file), change(original));
    const checked = await printed(() => check(folder, options));
    writeFileSync(join(folder, file), original);
    return checked;
  };

  it('passes the example', () => {
    expect(writ(['check', BUNDLE])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/7 policies, 0 errors, 0 warnings/),
    });
  });

  it('points at a type error, with a suggestion', async () => {
    const misspelt = (text: string): string => text.replace('input.amount >', 'input.amonut >');
    const { code, out } = await broken('policies/refunds.cedar', misspelt);
    expect(code).toBe(1);
    expect(out).toContain('policies/refunds.cedar:6:8 error');
    expect(out).toContain('did you mean `amount`?');
    const { findings } = JSON.parse((await broken('policies/refunds.cedar', misspelt, { json: true })).out);
    expect(findings).toMatchObject([{ severity: 'error', file: 'policies/refunds.cedar', line: 6, column: 8 }]);
  });

  it('points at a syntax error', async () => {
    const { out } = await broken('policies/mail.cedar', (text) => text.replace('when {', 'when ('));
    expect(out).toMatch(/policies\/mail\.cedar:4:\d+ error unexpected token/);
  });

  it('points at an error of the schema', async () => {
    const { out } = await broken('schema.cedarschema', (text) => text.replace('owner: User', 'owner: Usr'));
    expect(out).toContain('schema.cedarschema:4:33 error failed to resolve type: Usr');
  });

  it('points at a wrong setting', async () => {
    const { out } = await broken('ledger.yaml', (text) => text.replace('key: task', 'key: tsk'), { json: true });
    expect(JSON.parse(out).findings).toMatchObject([{ file: 'ledger.yaml', line: 3, column: 16 }]);
  });

  it('warns of what can never work', async () => {
    const { code, out } = await broken('tools.yaml', (text) => `${text}  no_such_tool: { effects: [read] }\n`);
    expect([code, out.includes('warning no_such_tool is not an action')]).toEqual([0, true]);
  });

  it.each([
    [
      'tools.yaml',
      'get_order: { effects: [read], result: internal }',
      'get_order: { effects: [read] }',
      'get_order: nothing is said of its result',
    ],
    [
      'tools.yaml',
      'get_order: { effects: [read], result: internal }',
      'get_order: { effects: [read], result: internal, arguments: { ordr: target } }',
      'get_order: no argument ordr is in the schema',
    ],
    [
      'ledger.yaml',
      'sum: input.amount',
      'sum: input.reason',
      'refunded: for refund_order, `sum` gives string; it must give a whole number',
    ],
    [
      'ledger.yaml',
      ', on: action == "refund_order"',
      '',
      'refunded: for 11 actions (deploy_release, deskRead, deskWrite and 8 more), `sum` cannot be worked out: there is no member amount',
    ],
  ])('warns of what can never match in %s: %s', async (file, was, is, message) => {
    const { code, out } = await broken(file, (text) => {
      expect(text).toContain(was);
      return text.replace(was, is);
    });
    expect([code, out]).toEqual([0, expect.stringContaining(`warning ${message}`)]);
  });

  it('refuses a typing error by which an accumulator would count nothing', async () => {
    const { code, out } = await broken('ledger.yaml', (text) =>
      text.replace('action == "refund_order"', 'action == "refund_ordr"'),
    );
    expect([code, out]).toEqual([1, expect.stringContaining('did you mean refund_order?')]);
    expect(out).toContain('error refunded: `on` names refund_ordr, which is not an action');
  });

  it('prints findings in the order of files and lines, and ends with the counts and what to do next', async () => {
    const broke = (text: string): string =>
      text.replace('context.ledger', 'context.ledgr').replace('@reason', '@raeson');
    const { out } = await broken('policies/mail.cedar', broke);
    const places = Array.from(out.matchAll(/^(\S+):(\d+):\d+ /gm), ([, file = '', line = '']) => [file, Number(line)]);
    expect(places.length).toBeGreaterThan(1);
    expect(places).toEqual(
      places.toSorted(([a, b], [c, d]) => String(a).localeCompare(String(c)) || Number(b) - Number(d)),
    );
    expect(out.trimEnd().split('\n').slice(-2)).toEqual([
      expect.stringMatching(/^not ok {2}.*: 7 policies, [1-9] errors?, [1-9] warnings?$/),
      expect.stringMatching(/^next {2}mend the errors/),
    ]);
    expect((await broken('writ.yaml', (text) => text)).out.trimEnd()).toMatch(/\nnext {2}writ test \S+$/);
  });

  it('leaves out a warning that a comment allows with a reason, and counts it', async () => {
    const warned = (comment: string) => (text: string) => text.replace('@id', `${comment}\n@raeson("x")\n@id`);
    const { out } = await broken('policies/mail.cedar', warned('// writ allow policies/misspelt-annotation: ours'));
    expect(out).toMatch(/0 errors, 0 warnings, 1 allowed\n/);
    const unused = await broken('policies/mail.cedar', (text) => `// writ allow policies/duplicate: ours\n${text}`);
    expect(unused.out).toContain('policies/mail.cedar:1:1 warning it allows policies/duplicate');
    const json = await broken('policies/mail.cedar', warned('// writ allow policies/misspelt-annotation: a'), {
      json: true,
    });
    expect(JSON.parse(json.out)).toMatchObject({ warnings: 0, allowed: 1, findings: [] });
  });

  it.each([
    ['get_order: { effects: [read], result: { "$.a[": internal } }', '$.a[ is not a JSONPath'],
    ['get_order: { effects: [read], result: { $: { when: "valu == 1" } } }', 'get_order: $: `when`'],
    ['get_order: { effects: [read], result: user }', 'no result is the user'],
    ['get_order: { effects: [red], result: internal }', 'tools.get_order.effects.0: it must be one of read, write'],
  ])('refuses a description that cannot work: %s', async (is, message) => {
    const { code, out } = await broken('tools.yaml', (text) =>
      text.replace('get_order: { effects: [read], result: internal }', is),
    );
    expect([code, out]).toEqual([1, expect.stringContaining(message)]);
  });
});

describe('writ test', () => {
  it('runs the tests of the example, and every policy is decided by one', () => {
    const { code, out } = writ(['test', BUNDLE, '--json']);
    const report = JSON.parse(out) as { passed: number; failed: number; undetermined: string[] };
    expect([code, report.failed, report.undetermined]).toEqual([0, 0, []]);
    expect(report.passed).toBeGreaterThan(15);
  });

  it('shows what was expected, what came and why', () => {
    const folder = mkdtempSync(join(tmpdir(), 'writ-test-'));
    cpSync(BUNDLE, folder, {
      recursive: true,
      filter: (path) => !/node_modules|dist|src/.test(path.slice(BUNDLE.length)),
    });
    const file = join(folder, 'tests/access.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('expect: allow', 'expect: deny'));
    const { code, out } = writ(['test', folder]);
    rmSync(folder, { recursive: true });
    expect(code).toBe(1);
    expect(out).toMatch(/✗ the release agent deploys.*\n.*step 1, deploy_release\n\s+expected deny.*\n\s+got\s+allow/);
    expect(out).toContain('17 passed, 1 failed');
  });
});

describe('writ bundle decide', () => {
  const request = (amount: number) =>
    JSON.stringify({
      subject: { type: 'User', id: 'ana' },
      action: { name: 'refund_order' },
      resource: { type: 'Order', id: 'o-1' },
      context: { agent: 'support-bot', input: { order_id: 'o-1', amount, reason: 'broken' } },
    });

  it('exits with 0 for allow and 1 for deny', () => {
    expect(writ(['bundle', 'decide', BUNDLE, '-'], request(100))).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^allow/),
    });
    expect(writ(['bundle', 'decide', BUNDLE, '-'], request(30_000))).toMatchObject({
      code: 1,
      out: expect.stringContaining('a single refund is at most 200.00'),
    });
    expect(JSON.parse(writ(['bundle', 'decide', BUNDLE, '-', '--json'], request(30_000)).out)).toMatchObject({
      result: 'deny',
    });
  });
});

describe('writ explain', () => {
  let desk: RunningDesk;
  beforeAll(async () => {
    desk = await startDesk();
  });
  afterAll(() => desk.stop());

  it('tells who, for whom, what, which policies and why, while the service runs', async () => {
    const { id } = await desk.writ.decider.decide(
      {
        subject: { type: 'User', id: 'ana' },
        action: { name: 'deploy_release' },
        resource: { type: 'Service', id: 'checkout' },
        context: { agent: 'support-bot', input: { service: 'checkout', version: '1' } },
      },
      inProcess('gateway'),
    );
    // The command runs while this process, and with it the service, stands still.
    await desk.writ.records.lastId();
    const { code, out } = writ(['explain', id, '--data', desk.data]);
    expect(code).toBe(0);
    const unwrapped = out.replace(/\n {4,6}(?=\S)/g, ' ');
    expect(unwrapped).toContain(
      'Denied: Agent::"support-bot", on behalf of User::"ana", asked to deploy_release on Service::"checkout"',
    );
    expect(unwrapped).toContain(
      'only-the-release-team-deploys forbids it, for User::"ana" and Agent::"support-bot": only identities of the release team may deploy',
    );
    expect(out).toContain('so far, refunded: 0');
  });

  it('says when there is no such decision or no such store', () => {
    expect(writ(['explain', '01ARZ3NDEKTSV4RRFFQ69G5FAV', '--data', desk.data]).code).toBe(1);
    expect(writ(['explain', 'x', '--data', '/nowhere']).code).toBe(2);
  });
});
