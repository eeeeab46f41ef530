import { inColumns } from '../abuse/columns.js';
import { groupsOf } from '../kills/groups.js';
import type { Line } from './state.js';

/** Returns the share of the attacks that went through, in percent. */
export function shareOf(lines: readonly Line[]): number {
  const attacks = lines.filter(({ result }) => result !== 'no attack').length;
  return attacks === 0 ? 0 : (100 * passesOf(lines)) / attacks;
}

function passesOf(lines: readonly Line[]): number {
  return lines.filter(({ result }) => result === 'passed').length;
}

/** Returns the table of the tries by class, and a last line with the sums. */
export function tally(lines: readonly Line[]): string {
  const groups = groupsOf(lines, (line) => line.class).sort((a, b) =>
    (a[0] as Line).class.localeCompare((b[0] as Line).class),
  );
  const rows = [...groups, lines].map((group) => [
    group === lines ? 'all' : (group[0] as Line).class,
    String(group.length),
    String(group.filter(({ result }) => result !== 'no attack').length),
    String(passesOf(group)),
    `${shareOf(group).toFixed(2)} %`,
  ]);
  return inColumns([['class', 'tries', 'attacks', 'passed', 'share'], ...rows]);
}
