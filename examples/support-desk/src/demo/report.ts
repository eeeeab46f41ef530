import Table from 'cli-table3';
import pc from 'picocolors';
import type { CallReport } from './drive.js';
import type { Session } from './sessions.js';

/** A session as a table for people. */
export function sessionTable(session: Session, reports: readonly CallReport[]): string {
  const table = new Table({
    head: ['call', 'result', 'ran', 'decided by', 'why'],
    colWidths: [30, 8, 5, 31, 44],
    wordWrap: true,
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    style: { head: [], border: [] },
  });
  for (const { tool, arguments: input, result, executed, reasons } of reports) {
    table.push([
      `${tool}\n${pc.dim(inputText(input))}`,
      result === 'allow' ? pc.green('allow') : pc.red('deny'),
      executed ? 'yes' : 'no',
      reasons.map(({ policy }) => policy).join('\n'),
      reasons.map(({ reason }) => reason ?? '').join('\n'),
    ]);
  }
  return `${pc.bold(session.name)}  ${session.story}\n${table.toString()}`;
}

function inputText(input: Readonly<Record<string, unknown>>): string {
  return Object.values(input)
    .map((value) => String(value).replace(/^.*\/files\//, '…/'))
    .map((text) => (text.length > 30 ? `${text.slice(0, 29)}…` : text))
    .join(', ');
}
