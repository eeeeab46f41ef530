import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commandHere as command } from './printed.js';
import { bundleOf } from './running.js';

/** `writ bundle replay` with what a recording says apart from its calls: the kind of the task, outcomes, times. */

const home = mkdtempSync(join(tmpdir(), 'writ-replay-trace-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const FILES = {
  'writ.yaml': 'name: desk\n',
  'schema.cedarschema': `
entity User;
entity Tool;
action look, refund, mail appliesTo { principal: [User], resource: [Tool], context: { input: { amount?: Long, kinds?: { tool: Long } }, ledger: { refunded: Long } } };
`,
  'ledger.yaml': `accumulators:
  refunded: { key: task, sum: input.amount, on: action == "refund", window: 24h }
`,
  'tools.yaml': `tools:
  look: { effects: [read], result: internal }
  refund: { effects: [money], arguments: { amount: amount }, result: internal }
  mail: { effects: [egress], result: internal }
`,
  'tasks.yaml': `default: look
tasks:
  look: { mandate: [{ effects: [read] }] }
  refund:
    mandate:
      - { actions: [look] }
      - { actions: [refund], input: { amount: { min: 1, max: 100 } }, uses: 2, limits: { amount: 150 } }
  anything: { mandate: any }
`,
  'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("no-more-than-500") forbid (principal, action == Action::"refund", resource) when { context.ledger.refunded > 500 };
`,
};

interface Replayed {
  readonly tasks: {
    readonly task: string;
    readonly calls: { readonly result: string; readonly reasons: string[] }[];
  }[];
}

const refund = (amount: number, more: object = {}): object => ({
  tool: 'refund',
  args: { amount },
  result: {},
  ...more,
});

let files = 0;
function written(...lines: readonly (object | string)[]): string {
  files += 1;
  const file = join(home, `${files}.jsonl`);
  writeFileSync(file, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return file;
}

const BUNDLE = bundleOf(FILES);

async function replay(lines: readonly object[], ...more: string[]): Promise<Replayed> {
  const { code, out } = await command(
    'bundle',
    'replay',
    '--bundle',
    BUNDLE,
    '--trace',
    written(...lines),
    '--json',
    ...more,
  );
  expect([code, out.slice(0, 200)]).toEqual([0, expect.stringMatching(/^\{/)]);
  return JSON.parse(out) as Replayed;
}

const line = (calls: readonly object[], more: object = {}): object => ({
  ...{ task: 't', principal: 'User::"ana"', calls },
  ...more,
});

const AT = '2026-03-01T10:00:00Z';
const results = ({ tasks }: Replayed): string[][] => tasks.map(({ calls }) => calls.map(({ result }) => result));

describe('the principal of a recorded task', () => {
  it.each([
    ['is missing', { task: 't', calls: [] }, 'principal: it is missing: nobody makes the calls'],
    ['is a number', { task: 't', principal: 7, calls: [] }, 'principal: it is nobody who can make calls'],
  ])('that %s is refused with how to write it', async (_, one, why) => {
    const { code, out } = await command('bundle', 'replay', '--bundle', BUNDLE, '--trace', written(one));
    expect([code, out]).toEqual([2, expect.stringContaining(why)]);
    expect(out).toContain('an identity as in "principal": "User::\\"ana\\""');
  });
});

describe('the kind of a recorded task', () => {
  it('is the default one if the line has none', async () => {
    const { tasks } = await replay([line([{ tool: 'look' }, refund(5)])]);
    expect(tasks[0]?.calls.map(({ result, reasons }) => [result, reasons])).toEqual([
      ['allow', ['all']],
      ['deny', ['outside_mandate']],
    ]);
  });

  it('has its mandate, with what it uses up', async () => {
    const calls = [{ tool: 'look' }, refund(101), refund(100), refund(51), refund(50), refund(1), { tool: 'mail' }];
    const replayed = await replay([line(calls, { kind: 'refund' })]);
    expect(results(replayed)).toEqual([['allow', 'deny', 'allow', 'deny', 'allow', 'deny', 'deny']]);
    expect(replayed.tasks[0]?.calls[6]?.reasons).toEqual(['outside_mandate']);
  });

  it('counts for the lines of one task together, and for each task by itself', async () => {
    const twice = line([refund(40), refund(40)], { kind: 'refund' });
    const other = line([refund(1)], { kind: 'refund', task: 'other' });
    const again = line([refund(1)], { kind: 'refund' });
    expect(results(await replay([twice, other, again], '--together'))).toEqual([
      ['allow', 'allow'],
      ['allow'],
      ['deny'],
    ]);
    expect(results(await replay([twice, other, again]))).toEqual([['allow', 'allow'], ['allow'], ['allow']]);
  });

  it('is one for all lines of a task', async () => {
    const trace = written(line([], { kind: 'refund' }), line([], { kind: 'anything' }));
    const { code, out } = await command('bundle', 'replay', '--bundle', BUNDLE, '--trace', trace, '--together');
    expect([code, out]).toEqual([2, expect.stringContaining(':2: kind: the task "t" was of the kind refund before')]);
    expect((await command('bundle', 'replay', '--bundle', BUNDLE, '--trace', trace)).code).toBe(0);
  });

  it('leaves the policies to decide', async () => {
    const calls = Array.from({ length: 6 }, () => refund(100));
    const { tasks } = await replay([line(calls, { kind: 'anything' })]);
    expect(tasks[0]?.calls.map(({ reasons }) => reasons[0])).toEqual([...Array(5).fill('all'), 'no-more-than-500']);
  });

  it('is narrowed to the prompt, if the kind says so', async () => {
    const narrowing = bundleOf({
      ...FILES,
      'tasks.yaml': FILES['tasks.yaml'].replace('  refund:\n', '  refund:\n    fromPrompt: words\n'),
    });
    const trace = written(line([refund(30), refund(20)], { kind: 'refund', prompt: 'Refund 20 EUR' }));
    const { out } = await command('bundle', 'replay', '--bundle', narrowing, '--trace', trace, '--json');
    expect(results(JSON.parse(out) as Replayed)).toEqual([['deny', 'allow']]);
    const { out: whole } = await command('bundle', 'replay', '--bundle', BUNDLE, '--trace', trace, '--json');
    expect(results(JSON.parse(whole) as Replayed)).toEqual([['allow', 'allow']]);
  });

  it('is of the bundle', async () => {
    const bare = bundleOf(Object.fromEntries(Object.entries(FILES).filter(([file]) => file !== 'tasks.yaml')));
    const trace = written(line([], { kind: 'refund' }));
    const { code, out } = await command('bundle', 'replay', '--bundle', bare, '--trace', trace);
    expect([code, out]).toEqual([2, expect.stringContaining(':1: kind: the bundle has no tasks.yaml')]);
  });
});

describe('the outcome of a recorded call', () => {
  const within = async (...calls: readonly object[]): Promise<string[] | undefined> =>
    results(await replay([line(calls, { kind: 'anything' })]))[0];

  it('gives back what did not happen', async () => {
    const six = (outcome?: string): object[] => Array.from({ length: 7 }, () => refund(100, { outcome }));
    expect(await within(...six())).toEqual([...Array(5).fill('allow'), 'deny', 'deny']);
    expect(await within(...six('failed'))).toEqual(Array(7).fill('allow'));
    expect(await within(...six('not-executed'))).toEqual(Array(7).fill('allow'));
    expect(await within(...six('unknown'))).toEqual([...Array(5).fill('allow'), 'deny', 'deny']);
  });

  it('gives back the uses of a mandate', async () => {
    const calls = [refund(90, { outcome: 'failed' }), refund(90), refund(90), refund(60)];
    expect(results(await replay([line(calls, { kind: 'refund' })]))).toEqual([['allow', 'allow', 'deny', 'allow']]);
  });

  it('of an unknown call without a result has every label that the tool can give', async () => {
    const labels = {
      ...FILES,
      'tools.yaml': FILES['tools.yaml'].replace('[read], result: internal', '[read], result: external'),
    };
    labels['ledger.yaml'] += '  seen: { key: task, set: labels }\n';
    labels['schema.cedarschema'] = FILES['schema.cedarschema'].replace(
      'refunded: Long',
      'refunded: Long, seen: Set<String>',
    );
    labels['policies/all.cedar'] +=
      'forbid (principal, action == Action::"mail", resource) when { context.ledger.seen.contains("external") };'.replace(
        'forbid',
        '@id("no-mail") forbid',
      );
    const bundle = bundleOf(labels);
    const after = async (look: object): Promise<string | undefined> => {
      const trace = written(line([{ tool: 'look', ...look }, { tool: 'mail' }], { kind: 'anything' }));
      const { out } = await command('bundle', 'replay', '--bundle', bundle, '--trace', trace, '--json');
      return (JSON.parse(out) as Replayed).tasks[0]?.calls[1]?.result;
    };
    expect(await after({ result: 'x' })).toBe('deny');
    expect(await after({ result: 'x', outcome: 'failed' })).toBe('deny');
    expect(await after({ outcome: 'unknown' })).toBe('deny');
    expect(await after({})).toBe('allow');
    expect(await after({ outcome: 'unknown', result: null })).toBe('allow');
  });
});

describe('the time of a recorded call', () => {
  it('is that of decisions and windows', async () => {
    const calls = [
      ...Array.from({ length: 5 }, () => refund(100)),
      refund(100),
      refund(100, { at: '2026-03-02T09:59:00Z' }),
      refund(100, { at: '2026-03-02T11:02:00+01:00' }),
      refund(100),
    ];
    const replayed = await replay([line(calls, { kind: 'anything', at: AT })]);
    expect(results(replayed)).toEqual([[...Array(5).fill('allow'), 'deny', 'deny', 'allow', 'allow']]);
  });

  it('continues from line to line in one ledger', async () => {
    const first = line(
      Array.from({ length: 5 }, () => refund(100)),
      { kind: 'anything', at: AT },
    );
    const sameDay = line([refund(1)], { kind: 'anything' });
    const nextDay = line([refund(1)], { kind: 'anything', at: '2026-03-02T10:02:00Z' });
    expect(results(await replay([first, sameDay, nextDay], '--together')).slice(1)).toEqual([['deny'], ['allow']]);
  });

  it('is that of `now` and of the end of a mandate', async () => {
    const until = Date.parse('2026-03-01T11:00:00Z') / 1_000;
    const bundle = bundleOf({
      ...FILES,
      'schema.cedarschema': FILES['schema.cedarschema'].replace('context: {', 'context: { now: datetime,'),
      'tasks.yaml': `default: x\ntasks: { x: { mandate: [{ actions: [look, mail], until: ${until} }] } }\n`,
      'policies/all.cedar': `${FILES['policies/all.cedar']}
@id("office-hours") forbid (principal, action == Action::"mail", resource) when { context.now < datetime("2026-03-01T10:30:00Z") };`,
    });
    const calls = ['10:00', '10:30', '11:00', '11:01'].map((time) => ({ tool: 'mail', at: `2026-03-01T${time}:00Z` }));
    const { out } = await command('bundle', 'replay', '--bundle', bundle, '--trace', written(line(calls)), '--json');
    const { tasks } = JSON.parse(out) as Replayed;
    expect(tasks[0]?.calls.map(({ reasons }) => reasons)).toEqual([
      ['office-hours'],
      ['all'],
      ['outside_mandate'],
      ['outside_mandate'],
    ]);
  });

  it.each([
    [
      [
        line([
          { tool: 'look', at: AT },
          { tool: 'look', at: '2026-03-01T09:59:59Z' },
        ]),
      ],
      /:1: calls\.1\.at: .* the time before it\n.*does not go back/,
    ],
    [[line([{ tool: 'look', at: '2026-02-01T00:00:00Z' }], { at: AT })], /:1: calls\.0\.at: /],
    [[line([], { at: AT }), line([], { at: '2026-02-01T00:00:00Z' })], /:2: at: /],
    [
      [line([{ tool: 'look' }, { tool: 'look', at: AT }])],
      /:1: calls\.1\.at: .* is before .*, now, .*\n.*give `at` to the first line/,
    ],
    [[line([], { at: '2026-03-01' })], /:1: at: it must be a time, as /],
    [[line([], { at: '2026-02-30T10:00:00Z' })], /:1: at: it must be a time, as /],
    [[line([], { at: '1066-10-14T10:00:00Z' })], /:1: at: it must be from 1970 to 9999/],
    [[line([], { at: 5 })], /:1: at: it must be a time/],
  ])('of %j does not go back in one ledger, and is a time', async (lines, message) => {
    const { code, out } = await command(
      'bundle',
      'replay',
      '--bundle',
      BUNDLE,
      '--trace',
      written(...lines),
      '--together',
    );
    expect([code, out]).toEqual([2, expect.stringMatching(message)]);
  });

  it('can go back from ledger to ledger', async () => {
    const lines = [
      line([refund(1)], { at: AT, kind: 'anything' }),
      line([refund(1)], { at: '2025-01-01T00:00:00Z', kind: 'anything' }),
    ];
    expect(results(await replay(lines))).toEqual([['allow'], ['allow']]);
  });
});

describe('an approval of a replayed call', () => {
  const asking = bundleOf({
    ...FILES,
    'tasks.yaml': `default: look
tasks:
  look: { mandate: [{ effects: [read] }] }
  pay: { outside: ask, mandate: [{ actions: [refund], uses: 1 }] }
`,
    'policies/all.cedar': `${FILES['policies/all.cedar']}
@id("four-eyes") @requestable("owner") forbid (principal, action == Action::"refund", resource) when { context.input has amount && context.input.amount > 50 };`,
  });
  const approving = async (...more: string[]): Promise<unknown> => {
    const calls = [refund(60), refund(60), refund(1), { tool: 'mail' }];
    const trace = written(line(calls, { kind: 'pay' }));
    const { out } = await command('bundle', 'replay', '--bundle', asking, '--trace', trace, '--json', ...more);
    return (JSON.parse(out) as Replayed).tasks[0]?.calls.map(({ result, reasons }) => [result, ...reasons]);
  };

  it('uses up what the permit does', async () => {
    expect(await approving('--approve')).toEqual([
      ['step_up', 'four-eyes'],
      ['step_up', 'four-eyes', 'mandate:pay'],
      ['step_up', 'mandate:pay'],
      ['step_up', 'mandate:pay'],
    ]);
  });

  it('is not there without --approve', async () => {
    expect(await approving()).toEqual([
      ['step_up', 'four-eyes'],
      ['step_up', 'four-eyes'],
      ['allow', 'all'],
      ['step_up', 'mandate:pay'],
    ]);
  });
});

describe('the answer of a call that a person would be asked about', () => {
  const bundle = bundleOf({
    'writ.yaml': 'name: desk\n',
    'schema.cedarschema': `
entity User;
entity Tool;
action mail, look appliesTo { principal: [User], resource: [Tool], context: { input: { id?: String, to?: String }, tool: { target?: { integrity: Long } } } };
`,
    'tools.yaml': `tools:
  mail: { effects: [egress], arguments: { to: destination }, result: internal }
  look: { effects: [read], arguments: { id: target }, result: internal }
`,
    'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("ask") @requestable("owner") forbid (principal, action == Action::"mail", resource);
@id("known") forbid (principal, action, resource) when { context.tool has target && context.tool.target.integrity < 2 };
`,
  });

  it.each([[[]], [['--approve']]])('is labelled as that of a permit (%s)', async (flags) => {
    const mail = { tool: 'mail', args: { to: 'nobody@shop.example' }, result: { ticket: 'T-1234567' } };
    const trace = written(line([mail, ...['T-1234567', 'T-7654321'].map((id) => ({ tool: 'look', args: { id } }))]));
    const { out } = await command('bundle', 'replay', '--bundle', bundle, '--trace', trace, '--json', ...flags);
    expect(results(JSON.parse(out) as Replayed)).toEqual([['step_up', 'allow', 'deny']]);
  });
});

describe('the figures of a replay', () => {
  const lines = [
    line([{ tool: 'look' }, refund(5), ...Array.from({ length: 6 }, () => refund(100))], { kind: 'anything' }),
    line([refund(1)]),
  ];

  it('say how often each policy determined what', async () => {
    const { code, out } = await command(
      'bundle',
      'replay',
      '--bundle',
      BUNDLE,
      '--trace',
      written(...lines),
      '--by-policy',
      '--json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      totals: { allow: 6, deny: 3 },
      byPolicy: [
        { policy: 'all', permit: 6, step_up: 0, defer: 0, deny: 0 },
        { policy: 'no-more-than-500', permit: 0, step_up: 0, defer: 0, deny: 2 },
        { policy: 'outside_mandate', permit: 0, step_up: 0, defer: 0, deny: 1 },
      ],
    });
    expect(JSON.parse(out)).not.toHaveProperty('timings');
  });

  it('list a policy that determined nothing', async () => {
    const { out } = await command(
      'bundle',
      'replay',
      '--bundle',
      BUNDLE,
      '--trace',
      written(line([{ tool: 'look' }])),
      '--by-policy',
    );
    expect(out).toContain(
      '\n  permit step_up   defer    deny  policy\n       1                          all\n                                  no-more-than-500\n',
    );
  });

  it('say how long decisions took', async () => {
    const { out } = await command(
      'bundle',
      'replay',
      '--bundle',
      BUNDLE,
      '--trace',
      written(...lines),
      '--timings',
      '--json',
    );
    const { timings } = JSON.parse(out) as {
      timings: Record<string, { count: number; p50: number; p99: number; max: number }>;
    };
    expect([timings.decisionsUs?.count, timings.answersUs?.count]).toEqual([9, 6]);
    for (const { p50, p99, max } of Object.values(timings)) {
      expect(p50).toBeGreaterThan(0);
      expect(p99).toBeGreaterThanOrEqual(p50);
      expect(max).toBeGreaterThanOrEqual(p99);
    }
    const text = await command('bundle', 'replay', '--bundle', BUNDLE, '--trace', written(...lines), '--timings');
    expect(text.out).toMatch(/count {2}p50 µs {2}p99 µs {2}max µs\n +9 +\d+ +\d+ +\d+ {2}decisions\n +6 /);
  });

  it('show no text of a recording that moves the cursor', async () => {
    const hostile = line([{ tool: 'x\u001b[2J\u202e' }], { task: 'a\nb\u001b[31m' });
    const { out } = await command('bundle', 'replay', '--bundle', BUNDLE, '--trace', written(hostile));
    expect(out).toContain('a<U+000A>b<U+001B>[31m\n');
    expect(out).toContain('x<U+001B>[2J<U+202E>');
    expect(['\u001b', '\u202e'].filter((character) => out.includes(character))).toEqual([]);
  });
});

describe('a trace', () => {
  it.each([
    [
      line([], { kind: 'nonsense' }),
      /:2: kind: tasks\.yaml has no kind "nonsense"\n.*the kinds are look, refund, anything\n/,
    ],
    [line([], { kind: 'refnud' }), /did you mean refund\? the kinds are /],
    [line([], { kind: 7 }), /:2: kind: it must be a text/],
    [line([], { kinds: 'refund' }), /:2: the line: there is no member "kinds"\n.*did you mean kind\?/],
    [line([], { prommpt: '' }), /did you mean prompt\?/],
    [line([], { note: 'x' }), /there is no member "note"\n +the members here are task, kind, /],
    [line([{ tool: 'look', arguments: {} }]), /:2: calls\.0: there is no member "arguments"\n/],
    [line([{ tool: 'look' }, { tool: 'look', reslut: {} }]), /:2: calls\.1: .*\n.*did you mean result\?/],
    [line([], { principal: { type: 'User', id: 'ana', roel: 'x' } }), /:2: principal: there is no member "roel"/],
    [line([], { principal: { type: 'User' } }), /:2: principal\.id: it is missing/],
    [line([], { principal: 7 }), /:2: principal: /],
    [{ task: 't', calls: [] }, /:2: principal: /],
    [line([{ tool: '' }]), /:2: calls\.0\.tool: /],
    [
      line([{ tool: 'look', outcome: 'none' }]),
      /:2: calls\.0\.outcome: it must be one of completed, failed, not-executed, unknown/,
    ],
    [line([{ tool: 'look', outcom: 'failed' }]), /did you mean outcome\?/],
    [line([{ tool: 'look', args: [] }]), /:2: calls\.0\.args: it must be a map/],
    ['{ "task": "a", "task": "b", "principal": "ana", "calls": [] }', /:2: column 16: .*task/],
    [
      '{ "task": "a", "__proto__": {}, "principal": "ana", "calls": [] }',
      /:2: the line: there is no member "__proto__"/,
    ],
    ['{ "task": "a", ', /:2: column /],
  ])('with %j is refused, with its place', async (wrong, message) => {
    const trace = written(line([]), wrong);
    const { code, out } = await command('bundle', 'replay', '--bundle', BUNDLE, '--trace', trace);
    expect([code, out]).toEqual([2, expect.stringMatching(message)]);
  });

  it('may have any members within arguments and results', async () => {
    const call = { tool: 'look', args: { kinds: { tool: 1 } }, result: { whatever: [{ tool: 'x' }] } };
    expect(results(await replay([line([call])]))).toEqual([['allow']]);
  });

  it('keeps every argument', async () => {
    const call = JSON.parse('{ "tool": "look", "args": { "__proto__": { "tool": 1 } } }') as object;
    expect((await replay([line([call])])).tasks[0]?.calls[0]?.reasons).not.toEqual(['all']);
  });
});
