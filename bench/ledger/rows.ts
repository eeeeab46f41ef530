import { Agent } from 'node:http';
import { post } from '../post.js';
import type { Row } from '../row.js';
import { type Server, startWrit } from '../service/server.js';

const [WARM_UP, MEASURED] = [3_000, 2_000];
const LONG = 10_000;

const FOLDS = [
  'sum: input.amount',
  'count: true',
  'set: action',
  'distinct: input.to',
  'sum: input.amount, window: 24h',
] as const;
const KEYS = ['task', 'actor', 'originator', 'resource'] as const;
/** Twenty: each fold under each key. */
const ACCUMULATORS = KEYS.flatMap((key) => FOLDS.map((fold, i) => ({ name: `${key}${i}`, key, fold })));

const TOOL = ', tool: { effects: Set<String>, authority: Long, destination?: { integrity: Long } }';
const ORIGIN_RULE =
  '@id("origin") forbid (principal, action, resource) when { context.tool has destination && context.tool.destination.integrity > 4 };';
/** Fifty rules on what a tool answers. */
const RULES = [
  'tools:',
  '  pay:',
  '    effects: [money]',
  '    arguments: { to: destination, amount: amount }',
  '    result:',
  '      $: internal',
  ...Array.from({ length: 49 }, (_, i) => `      $.field${i}: { integrity: internal, labels: [label${i % 5}] }`),
].join('\n');
const ANSWER = Object.fromEntries(Array.from({ length: 49 }, (_, i) => [`field${i}`, `value ${i}`]));

/** The same rule without a ledger, and with twenty accumulators that the action is counted by and that its policies see. */
function bundle(hasLedger: boolean, hasRules = false): Record<string, string> {
  const type = (fold: string): string => (fold.startsWith('set') ? 'Set<String>' : 'Long');
  const seen = ACCUMULATORS.map(({ name, fold }) => `${name}: ${type(fold)}`).join(', ');
  const limits = ACCUMULATORS.filter(({ fold }) => fold.startsWith('sum')).map(
    ({ name }) =>
      `@id("${name}") forbid (principal, action == Action::"pay", resource) when { context.ledger.${name} > 1000000000 };`,
  );
  return {
    'writ.yaml': 'name: bench\ncallers: { default: {} }',
    'schema.cedarschema': `
entity User, Order;
action pay appliesTo { principal: [User], resource: [Order], context: { input: { amount: Long, to: String }${hasLedger ? `, ledger: { ${seen} }` : ''}${hasRules ? TOOL : ''} } };`,
    'policies/all.cedar': [
      '@id("all") permit (principal, action, resource);',
      ...(hasLedger ? limits : []),
      ...(hasRules ? [ORIGIN_RULE] : []),
    ].join('\n'),
    ...(hasRules ? { 'tools.yaml': RULES } : {}),
    ...(hasLedger
      ? {
          'ledger.yaml': [
            'accumulators:',
            ...ACCUMULATORS.map(({ name, key, fold }) => `  ${name}: { key: ${key}, ${fold} }`),
          ].join('\n'),
        }
      : {}),
  };
}

/** What twenty accumulators add to a decision, in a task that is new and in one of ten thousand calls. */
export async function ledger(notes: string[]): Promise<Row[]> {
  const [plain, counting] = [await startWrit({ bundle: bundle(false) }), await startWrit({ bundle: bundle(true) })];
  try {
    const short = await compare(plain, counting, () => `new ${Math.random()}`);
    await fill(counting);
    const long = await compare(plain, counting, () => 'long');
    notes.push(
      'Twenty accumulators (sums, counts, sets, distinct values, a sliding sum, under four keys), all of which count every call and are seen by its policies; twelve policies more. In this process: also fifty rules on what the tool answers, and two arguments whose values are traced; what is added is the difference of the medians, everything from the request to the record. Over HTTP, on disk: over one connection; the difference has the record of 2 KB more, which is written, sent to the log thread and synced.',
    );
    const row = (name: string, { base, withLedger }: Compared): Row => ({
      group: 'Ledger',
      name,
      figures: { 'p50 µs': withLedger, 'added µs': withLedger - base },
      peer: 'no accumulators',
      ratio: withLedger / base,
    });
    return [
      ...(await alone()),
      ...(await inProcess()),
      { group: 'Ledger', name: 'over HTTP, on disk: no accumulators', figures: { 'p50 µs': short.base } },
      row('over HTTP, on disk: the first call of a task', short),
      row(`over HTTP, on disk: a call of a task that has had ${LONG.toLocaleString('en')}`, long),
    ];
  } finally {
    await plain.stop();
    await counting.stop();
  }
}

/** What a decision takes in this process, from the request to its record: without HTTP and without the disk. */
async function inProcess(): Promise<Row[]> {
  const dist = (path: string): string => new URL(`../../../packages/writ/dist/${path}`, import.meta.url).href;
  const { offlineDecider } = (await import(dist('decide/plane-of.js'))) as {
    offlineDecider: (...parts: unknown[]) => Deciding;
  };
  const { readBundleFrom } = (await import(dist('bundle/bundle.js'))) as {
    readBundleFrom: (files: object) => { bundle: unknown };
  };
  const { inProcess: caller } = (await import(dist('decide/caller.js'))) as { inProcess: (name: string) => unknown };
  const deciderFor = (files: Record<string, string>): Deciding => {
    const { bundle: read } = readBundleFrom({
      root: '/',
      texts: new Map(Object.entries(files)),
      version: 'sha256:bench',
      unread: [],
    });
    return offlineDecider(read, { append: async () => undefined }, () => new Date());
  };
  const point = caller('bench');
  const sides = [deciderFor(bundle(false)), deciderFor(bundle(true, true))] as const;
  const times: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < 2 * LONG; i += 1) {
    for (const [side, decider] of sides.entries()) {
      const request = JSON.parse(bodyOf('long', i)) as unknown;
      const start = process.hrtime.bigint();
      const { records } = decider.begin([request], point, { token: undefined });
      const took = Number(process.hrtime.bigint() - start) / 1_000;
      const [record] = records;
      if (record?.result !== 'allow') throw new Error(JSON.stringify(record));
      // The first thousands warm up; then the first calls of what is a long task, and those past ten thousand.
      if (side === 0 && i >= 3_000) times[0].push(took);
      if (side === 1 && i >= 3_000) times[i < LONG ? 1 : 2].push(took);
      decider.expectOutcome(record);
      await decider.report(record.id, 'completed', point, side === 1 && i % 50 === 0 ? ANSWER : undefined);
    }
  }
  const [base, early, late] = times.map((all) => all.sort((a, b) => a - b)[all.length >> 1] ?? Number.NaN) as [
    number,
    number,
    number,
  ];
  const row = (name: string, took: number): Row => ({
    group: 'Ledger',
    name,
    figures: { 'p50 µs': took, 'added µs': took - base },
    peer: 'no accumulators and no rules',
    ratio: took / base,
    target: 'adds ≤ 20 µs',
    met: took - base <= 20,
  });
  return [
    {
      group: 'Ledger',
      name: 'a decision in this process, to its record: no accumulators',
      figures: { 'p50 µs': base },
    },
    row('the same with twenty accumulators and fifty label rules', early),
    row(`the same in a task that has had ${LONG.toLocaleString('en')} calls`, late),
  ];
}

interface Deciding {
  begin(requests: unknown[], caller: unknown, options: object): { records: { id: string; result: string }[] };
  expectOutcome(record: unknown): void;
  report(id: string, status: string, caller: unknown, result: unknown): Promise<void>;
}

/** What the ledger itself does for a decision, in this process: nothing of the context, the policies and the record. */
async function alone(): Promise<Row[]> {
  // The package does not export it: what is measured is the part, not something for users.
  const { Ledger } = (await import(new URL('../../../packages/writ/dist/ledger/ledger.js', import.meta.url).href)) as {
    Ledger: new (declared: object) => Measured;
  };
  const declared = Object.fromEntries(
    KEYS.flatMap((key) =>
      [
        { sum: 'input.amount' },
        { count: true },
        { set: 'action' },
        { distinct: 'input.to' },
        { sum: 'input.amount', window: '24h' },
      ].map((fold, i) => [`${key}${i}`, { key, ...fold }]),
    ),
  );
  const measured = new Ledger(declared);
  const names = Object.keys(declared);
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i < LONG; i += 1) {
    const resource = `o${i % 50}`;
    const event = {
      action: 'pay',
      input: { amount: 5, to: `r${i % 20}` },
      labels: [],
      effects: [],
      call: undefined,
      data: undefined,
      lineage: 'u',
      resource: { type: 'Order', id: resource },
      keys: { task: 't', actor: 'a', originator: 'u', resource, session: 's' },
    };
    const now = new Date(Date.UTC(2026, 0, 1) + i);
    const start = process.hrtime.bigint();
    measured.read(event, now, names);
    measured.reserve(String(i), event, now);
    measured.settle(String(i), 'completed', now);
    const took = Number(process.hrtime.bigint() - start) / 1_000;
    if (i >= 1_000) times[i < LONG / 2 ? 0 : 1].push(took);
  }
  const [early, late] = times.map((all) => all.sort((a, b) => a - b)[all.length >> 1] ?? Number.NaN);
  return [
    {
      group: 'Ledger',
      name: 'the ledger alone: read, reserve and settle, in a task of a few thousand calls, and of ten thousand',
      figures: { 'p50 µs': early ?? Number.NaN, 'p50 µs, later': late ?? Number.NaN },
    },
  ];
}

interface Measured {
  read(event: object, now: Date, names: readonly string[]): unknown;
  reserve(id: string, event: object, now: Date): unknown;
  settle(id: string, status: string, now: Date): unknown;
}

interface Compared {
  readonly base: number;
  readonly withLedger: number;
}

/** Both are asked in turn, so that what the machine does else meets both. */
async function compare(plain: Server, counting: Server, task: () => string): Promise<Compared> {
  const agents = [new Agent({ keepAlive: true, maxSockets: 1 }), new Agent({ keepAlive: true, maxSockets: 1 })];
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i < WARM_UP + MEASURED; i += 1) {
    const body = bodyOf(task(), i);
    for (const [side, { port, headers }] of [plain, counting].entries()) {
      const start = process.hrtime.bigint();
      const text = await post({ port, headers, path: '/access/v1/evaluation', body }, agents[side] as Agent);
      const took = Number(process.hrtime.bigint() - start) / 1_000;
      if (text !== '{"decision":true}') throw new Error(text);
      if (i >= WARM_UP) times[side as 0 | 1].push(took);
    }
  }
  for (const agent of agents) agent.destroy();
  const [base, withLedger] = times.map((all) => all.sort((a, b) => a - b)[all.length >> 1] ?? Number.NaN);
  return { base: base ?? Number.NaN, withLedger: withLedger ?? Number.NaN };
}

async function fill({ port, headers }: Server): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  for (let i = 0; i < LONG; i += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, j) =>
        post({ port, headers, path: '/access/v1/evaluation', body: bodyOf('long', i + j) }, agent),
      ),
    );
  }
  agent.destroy();
}

function bodyOf(task: string, i: number): string {
  return JSON.stringify({
    subject: { type: 'User', id: 'ana' },
    action: { name: 'pay' },
    resource: { type: 'Order', id: `o${i % 50}` },
    context: { task, input: { amount: 5, to: `r${i % 20}` } },
  });
}
