import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadSqlParser } from '#writ/programs/sql/parser.js';
import { Postgres } from '../abuse/postgres.js';
import { EVASIONS } from './evasions.js';
import { Oracle } from './oracle.js';
import { ROWS } from './rows.js';
import { run, tally } from './run.js';

const USAGE = `usage: npm run oracle-sql -w writ -- [--count N] [--seed S] [--state FILE] [--because]
Compares what is read of generated SQL with what PostgreSQL locks when it runs. A run continues where the last one of its seed
stopped. A text that touches more than its facts say ends it with exit code 1.
  --count N      texts of the seed in all (5000)
  --seed S       another seed makes other texts (1)
  --state FILE   a line of JSON for each text (data/oracle-sql.jsonl); --fresh keeps none
  --because      lists why texts are not understood, and the errors of PostgreSQL`;

const WRITTEN = [...ROWS, ...EVASIONS];
const root = fileURLToPath(new URL('../../../..', import.meta.url));
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    state: { type: 'string', default: join(root, 'data/oracle-sql.jsonl') },
    fresh: { type: 'boolean', default: false },
    because: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
if (values.help || ![count, seed].every((n) => Number.isSafeInteger(n) && n >= 0)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

loadSqlParser();
const postgres = await Postgres.start(['-c', 'fsync=off']);
try {
  const oracle = await Oracle.open(await postgres.database());
  let open = 0;
  for (const { text, trap, never, path } of WRITTEN) {
    const { verdict, because } = await oracle.judge(text, path);
    if (verdict === (never ? 'not understood' : 'held')) continue;
    open += 1;
    console.log(`${verdict}: ${trap}: ${text.slice(0, 200)}: ${because}`);
  }
  console.log(`${WRITTEN.length} written texts, ${open} not as they should be`);
  const lines = await run(oracle, {
    ...{ seed, count },
    ...(values.fresh ? {} : { state: values.state }),
    say: (line) => console.log(`open: ${line.number}: ${line.text}: ${line.because}`),
  });
  await oracle.close();
  console.log(
    `processor time of a new text: ${JSON.stringify(
      costOf(
        oracle,
        lines.map(({ text }) => text),
      ),
    )}`,
  );
  if (values.because) printCauses(lines);
  const counts = tally(lines);
  const understood = counts.held + counts.error + counts.open;
  console.log(
    `seed ${seed}: ${lines.length} texts, ${((100 * understood) / lines.length).toFixed(1)} % understood; ${JSON.stringify(counts)}`,
  );
  process.exitCode = open + counts.open === 0 ? 0 : 1;
} finally {
  await postgres.stop();
}

/** Returns the processor time, in ms, of reading each text for the first time. */
function costOf(read: Oracle, texts: readonly string[]): Readonly<Record<string, number>> {
  const fresh = texts.map((text) => {
    // A comment makes it a text that is not remembered.
    const begun = process.cpuUsage();
    read.facts(`${text} -- again`);
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1_000;
  });
  fresh.sort((a, b) => a - b);
  const at = (share: number): number => fresh[Math.floor(share * (fresh.length - 1))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

function printCauses(lines: readonly { readonly verdict: string; readonly because: string }[]): void {
  const causes = new Map<string, number>();
  for (const { verdict, because } of lines) {
    if (verdict === 'held') continue;
    const cause = `${verdict}: ${because.replace(/ \(at byte \d+\)|\d+/g, '')}`;
    causes.set(cause, (causes.get(cause) ?? 0) + 1);
  }
  for (const [cause, number] of [...causes].sort(([, a], [, b]) => b - a).slice(0, 60))
    console.log(`${number} ${cause}`);
}
