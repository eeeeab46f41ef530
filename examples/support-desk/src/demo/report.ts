import Table from 'cli-table3';
import pc from 'picocolors';
import type { CallReport } from './drive.js';
import type { Session } from './sessions.js';

const BORDERS = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'];
const LINES = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
const NO_BORDER = Object.fromEntries([...BORDERS, ...LINES].map((part) => [part, '']));

/** Returns a session as a table for people: a call a row, the policy's name where it denies. */
export function sessionTable(session: Session, reports: readonly CallReport[]): string {
  const table = new Table({
    colWidths: [21, 26, 7, 46],
    wordWrap: true,
    chars: { ...NO_BORDER, middle: '' },
    style: { head: [], border: [], 'padding-left': 2, 'padding-right': 0 },
  });
  for (const { tool, arguments: input, result, executed, reasons } of reports) {
    const isAllowed = result === 'allow';
    const why = reasons.map(({ policy, reason = '' }) => (isAllowed ? reason : `${policy}: ${reason}`));
    // The two columns part only when a server fails, or a denial is not enforced.
    if (isAllowed !== executed) why.unshift(pc.red(executed ? 'it ran all the same' : 'it did not run'));
    table.push([tool, inputText(input), isAllowed ? pc.green(result) : pc.red(pc.bold(result)), why.join('\n')]);
  }
  const lines = table.toString().split('\n');
  return `${pc.bold(session.name)}: ${session.story}\n${lines.map((line) => line.trimEnd()).join('\n')}`;
}

function inputText(input: Readonly<Record<string, unknown>>): string {
  const text = Object.values(input)
    .map((value) => String(value).replace(/^.*\/files\//, '…/'))
    .join(', ');
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}
