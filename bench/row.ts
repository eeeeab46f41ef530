import { cpus, totalmem } from 'node:os';

/** One claim with its figures. A ratio is to the peer, or to the base case, of the same run. */
export interface Row {
  readonly group: string;
  readonly name: string;
  readonly figures: Readonly<Record<string, number>>;
  readonly peer?: string;
  readonly ratio?: number;
  /** What the project promises of it, and whether this run keeps it. */
  readonly target?: string;
  readonly met?: boolean;
}

export interface Report {
  readonly machine: string;
  readonly node: string;
  readonly date: string;
  readonly notes: readonly string[];
  readonly rows: readonly Row[];
}

export function report(rows: readonly Row[], notes: readonly string[]): Report {
  const [cpu] = cpus();
  const machine = `${cpu?.model ?? 'unknown'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return { machine, node: process.version, date: new Date().toISOString().slice(0, 10), notes, rows };
}

/** A report as a Markdown table. */
export function markdown({ machine, node, date, notes, rows }: Report): string {
  const lines = [`${machine}, Node ${node.slice(1)}, ${date}.`, ''];
  lines.push('| what | figures | compared | promised |', '| --- | --- | --- | --- |');
  for (const row of rows) {
    const figures = Object.entries(row.figures).map(([name, value]) => `${name} ${number(value)}`);
    const compared = row.ratio === undefined ? '' : `${number(row.ratio)}× ${row.peer ?? ''}`;
    const promised = row.target === undefined ? '' : `${row.target}${row.met === true ? '' : ' (**not met**)'}`;
    lines.push(`| ${row.group}: ${row.name} | ${figures.join(', ')} | ${compared} | ${promised} |`);
  }
  return [...lines, ...notes.map((note) => `\n${note}`)].join('\n');
}

function number(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return String(Math.round(value * 100) / 100);
}
