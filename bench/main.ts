import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { agentdojo } from './agentdojo/agentdojo.js';
import { depth, searchLarge, sizes, text } from './cedar/generated.js';
import { million } from './cedar/million.js';
import { oopsla } from './cedar/oopsla.js';
import { http, least, proxied, stdio, thousand } from './gateway/rows.js';
import { hooks } from './hooks/rows.js';
import { added, protocols, rate } from './http/rows.js';
import { ledger } from './ledger/rows.js';
import { shell } from './programs/shell.js';
import { sql } from './programs/sql.js';
import { provenance } from './provenance/rows.js';
import { publish } from './published.js';
import { durability, tenMillion } from './record/rows.js';
import { millionFacts, revocation } from './registry/rows.js';
import { reload } from './reload/rows.js';
import { markdown, type Row, report } from './row.js';
import { batches, oneByOne } from './service/rows.js';

const USAGE = `usage: npm run bench -- cedar|service|provenance|ledger|registry|record|gateway|http|reload|programs|hooks|agentdojo [--json] [--write]
  cedar       what a decision of @writ/cedar costs, beside the official engine
  service     what the service decides a second over HTTP, beside Cerbos
  provenance  what a transaction token and a proof of possession add to a decision, beside jose alone
  ledger      what twenty accumulators add to a decision, also in a long task
  registry    what a revocation takes, here and at a follower, and what a million facts cost
  record      what each way of being durable costs, and a search through ten million records
  reload      the longest time for which nobody is answered while a bundle of thousands of policies is loaded
  hooks       what a hook of a coding agent adds to a tool, beside a Node that does nothing
  programs    what the facts of shell commands and of SQL cost
  gateway     what the gateway and the guard add to a call of a tool, and a thousand clients at once
  http        what the proxy adds to a request, and what it serves a second, beside Envoy with Cerbos
  agentdojo   how the drafted policies judge recorded tasks and injections; its own options: agentdojo --help
  --json      print one JSON object
  --write     put the table where it is published: docs/performance.md; that of cedar packages/cedar/README.md`;

type Group = (notes: string[]) => Row[] | Promise<Row[]>;

/** Each group runs in a process of its own: what one leaves in memory, and what the engine learned from it, is not the next one's. */
const SUITES: Readonly<Record<string, Readonly<Record<string, Group>>>> = {
  cedar: { oopsla, sizes, depth, searchLarge, text, million },
  service: { oneByOne, batches },
  provenance: { provenance },
  ledger: { ledger },
  record: { durability, tenMillion },
  gateway: { http, stdio, least, proxied, thousand },
  http: { added, rate, protocols },
  reload: { reload },
  hooks: { hooks },
  programs: { shell, sql },
  registry: { revocation, millionFacts },
};

if (process.argv[2] === 'agentdojo') process.exitCode = await agentdojo(process.argv.slice(3));
else await measure();

/** Measures what costs time; that of judging right is in `agentdojo`. */
async function measure(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      group: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [name = ''] = positionals;
  const suite = SUITES[name];
  if (values.help || suite === undefined) {
    console.error(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  if (values.group !== undefined) {
    const notes: string[] = [];
    const rows = (await suite[values.group]?.(notes)) ?? [];
    console.log(JSON.stringify({ rows, notes }));
  } else {
    runAll(name, Object.keys(suite), values);
  }
}

interface RunOptions {
  readonly json: boolean;
  readonly write: boolean;
}

function runAll(name: string, groups: readonly string[], { json, write }: RunOptions): void {
  const rows: Row[] = [];
  const notes: string[] = [];
  for (const group of groups) {
    if (!json) console.error(`running ${group} …`);
    const { stdout, status, stderr } = spawnSync(
      process.execPath,
      [fileURLToPath(import.meta.url), name, '--group', group],
      {
        encoding: 'utf8',
        maxBuffer: 64 * 2 ** 20,
      },
    );
    if (status !== 0) throw new Error(`the group ${group} failed: ${stderr}`);
    const result = JSON.parse(stdout) as { rows: Row[]; notes: string[] };
    rows.push(...result.rows);
    notes.push(...result.notes);
  }
  const whole = report(rows, notes);
  console.log(json ? JSON.stringify(whole) : markdown(whole));
  // This file runs compiled, in bench/dist.
  if (write) publish(new URL('../../', import.meta.url), name, markdown(whole));
  process.exitCode = rows.every(({ met }) => met !== false) ? 0 : 1;
}
