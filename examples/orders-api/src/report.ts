import pc from 'picocolors';
import type { StepReport } from './account.js';
import type { Session } from './sessions.js';

const WIDTH = 80;
const INDENT = 14;

/** Returns a session for people: a step a line, and below a denial its policies with their reasons. */
export function sessionText({ name, story }: Session, reports: readonly StepReport[]): string {
  const lines = reports.flatMap(({ over, what, result, reasons }) => {
    const isDenied = result === 'deny';
    const shown = isDenied
      ? pc.red(pc.bold(result.padEnd(6)))
      : pc.green((/^\d/.test(result) ? 'allow' : result).padEnd(6));
    const why = reasons.flatMap(({ policy, reason = '' }) => wrapped(`${policy}: ${reason}`, WIDTH - INDENT));
    return [`  ${shown}${over.padEnd(6)}${what}`, ...why.map((line) => `${' '.repeat(INDENT)}${line}`)];
  });
  const [first = '', ...more] = wrapped(`${name}: ${story}`, WIDTH);
  return [pc.bold(first), ...more.map((line) => pc.bold(line)), ...lines].join('\n');
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
