import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { readAfresh } from '#writ/programs/shell/read-shell.js';
import { Bash, hasBash } from './bash.js';
import { missing } from './compare.js';
import { generated } from './generator.js';

const USAGE = `usage: npm run oracle-shell -w writ -- [--count N] [--seed S] [--state FILE] [--folder FOLDER]
Runs generated commands in a real bash whose PATH holds stubs, and compares what ran with the facts.
A run continues where the last one of this seed stopped. A program or a file that the facts do not have,
or less than 65 % understood, ends it with exit code 1.
  --count N        commands of the seed in all (20000)
  --seed S         another seed makes other commands (1)
  --state FILE     a line of JSON for each command (data/oracle-shell.jsonl)
  --folder FOLDER  where the commands run (a folder of the system for temporary files)`;
const LEAST = 0.65;
const WORKERS = 3;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    state: { type: 'string', default: 'data/oracle-shell.jsonl' },
    folder: { type: 'string', default: join(tmpdir(), 'oracle-shell') },
    help: { type: 'boolean', default: false },
  },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
if (values.help || ![count, seed].every((n) => Number.isSafeInteger(n) && n >= 0)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}
if (!hasBash()) {
  console.error('bash was not found on this machine; install it, or run this on one that has it');
  process.exit(1);
}

interface Line {
  readonly seed: number;
  readonly row: number;
  readonly reason: string;
  readonly open?: readonly string[];
}

mkdirSync(dirname(values.state), { recursive: true });
const lines: Line[] = existsSync(values.state)
  ? readFileSync(values.state, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as Line)
      .filter((line) => line.seed === seed && line.row < count)
  : [];
const done = new Set(lines.map(({ row }) => row));
let next = 0;

/** Takes rows until all are done. */
async function work(worker: number): Promise<void> {
  const bash = new Bash(join(values.folder, `${process.pid}-${worker}`));
  while (next < count) {
    const row = next++;
    if (done.has(row)) continue;
    const text = generated(seed, row);
    const facts = readAfresh(text);
    // An interactive interpreter is a fact that the packs of policies deny.
    const isOpen = facts.understood && !facts.interactive;
    const open = isOpen ? missing(facts, await bash.run(text)) : [];
    const reason = facts.understood ? (facts.interactive ? 'interactive' : 'understood') : facts.reason;
    const line = { seed, row, reason, ...(open.length > 0 && { open }) };
    lines.push(line);
    appendFileSync(values.state, `${JSON.stringify(line)}\n`);
    if (open.length > 0) console.error(`row ${row}: ${JSON.stringify(text)}: ${open.join(', ')}`);
  }
}

await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
const reasons = new Map<string, number>();
for (const { reason } of lines) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
const open = lines.filter((line) => line.open !== undefined);
const share = (reasons.get('understood') ?? 0) / lines.length;
console.log(`${lines.length} commands of seed ${seed}: ${(share * 100).toFixed(1)} % understood, ${open.length} open`);
for (const [reason, found] of [...reasons].sort((a, b) => b[1] - a[1])) console.log(`  ${reason} ${found}`);
process.exitCode = open.length > 0 || share < LEAST ? 1 : 0;
