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

/** The same rule without a ledger, and with twenty accumulators that the action is counted by and that its policies see. */
function bundle(hasLedger: boolean): Record<string, string> {
  const type = (fold: string): string => (fold.startsWith('set') ? 'Set<String>' : 'Long');
  const seen = ACCUMULATORS.map(({ name, fold }) => `${name}: ${type(fold)}`).join(', ');
  const limits = ACCUMULATORS.filter(({ fold }) => fold.startsWith('sum')).map(
    ({ name }) =>
      `@id("${name}") forbid (principal, action == Action::"pay", resource) when { context.ledger.${name} > 1000000000 };`,
  );
  return {
    'writ.yaml': 'name: bench',
    'schema.cedarschema': `
entity User, Order;
action pay appliesTo { principal: [User], resource: [Order], context: { input: { amount: Long, to: String }${hasLedger ? `, ledger: { ${seen} }` : ''} } };`,
    'policies/all.cedar': ['@id("all") permit (principal, action, resource);', ...(hasLedger ? limits : [])].join('\n'),
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
      'Twenty accumulators (sums, counts, sets, distinct values, a sliding sum, under four keys), all of which count every call and are seen by its policies; twelve policies more. What is added to a decision is the difference of the medians, over one connection: the ledger, the context that policies read, twelve more policies, and a record that says it all.',
    );
    const row = (name: string, { base, withLedger }: Compared): Row => ({
      group: 'Ledger',
      name,
      figures: { 'p50 µs': withLedger, 'added µs': withLedger - base },
      peer: 'no accumulators',
      ratio: withLedger / base,
      target: 'adds ≤ 20 µs',
      met: withLedger - base <= 20,
    });
    return [
      ...(await alone()),
      { group: 'Ledger', name: 'no accumulators', figures: { 'p50 µs': short.base } },
      row('the first call of a task', short),
      row(`a call of a task that has had ${LONG.toLocaleString('en')}`, long),
    ];
  } finally {
    await plain.stop();
    await counting.stop();
  }
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
