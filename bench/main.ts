import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { depth, searchLarge, sizes, text } from './cedar/generated.js';
import { million } from './cedar/million.js';
import { oopsla } from './cedar/oopsla.js';
import { markdown, type Row, report } from './row.js';

const USAGE = `usage: npm run bench -- cedar [--json] [--write]
  --json   print one JSON object
  --write  put the table into packages/cedar/README.md`;

/** Each group runs in a process of its own: what one leaves in memory, and what the engine learned from it, is not the next one's. */
const GROUPS: Readonly<Record<string, (notes: string[]) => Row[]>> = {
  oopsla,
  sizes,
  depth,
  searchLarge,
  text,
  million,
};
const README = fileURLToPath(new URL('../../packages/cedar/README.md', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    group: { type: 'string' },
  },
});
if (positionals[0] !== 'cedar') {
  console.error(USAGE);
  process.exit(2);
}
if (values.group !== undefined) {
  const notes: string[] = [];
  const rows = GROUPS[values.group]?.(notes) ?? [];
  console.log(JSON.stringify({ rows, notes }));
} else {
  runAll();
}

function runAll(): void {
  const rows: Row[] = [];
  const notes: string[] = [];
  for (const group of Object.keys(GROUPS)) {
    if (!values.json) console.error(`running ${group} …`);
    const { stdout, status, stderr } = spawnSync(
      process.execPath,
      [fileURLToPath(import.meta.url), 'cedar', '--group', group],
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
  console.log(values.json ? JSON.stringify(whole) : markdown(whole));
  if (values.write) {
    const readme = readFileSync(README, 'utf8');
    const [open, close] = ['<!-- bench -->', '<!-- /bench -->'];
    const table = `${open}\n${markdown(whole)}\n${close}`;
    writeFileSync(
      README,
      readme.replace(new RegExp(`${open}[\\s\\S]*${close}`), () => table),
    );
  }
  process.exitCode = rows.every(({ met }) => met !== false) ? 0 : 1;
}
