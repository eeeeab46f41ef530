import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedTask } from './recorded.js';
import type { Decided, DecidedTask } from './score.js';
import { writ } from './writ.js';

/** The grants: by role alone, what an identity may ever do; by task, within that, what the kind of its task may do. */
export const GRANTS = ['role', 'task'] as const;
export type Grant = (typeof GRANTS)[number];

/** Returns what `writ bundle replay` decides about recorded tasks. By role, the tasks have no kind. */
export function replayed(
  bundle: string,
  folder: string,
  { honest, attacks }: { readonly honest: readonly RecordedTask[]; readonly attacks: readonly RecordedTask[] },
  grant: Grant,
): Decided {
  mkdirSync(folder, { recursive: true });
  const replay = (name: string, tasks: readonly RecordedTask[], approve: boolean): DecidedTask[] => {
    const file = join(folder, `${name}-${grant}.jsonl`);
    writeFileSync(file, tasks.map((task) => `${JSON.stringify(byGrant(task, grant))}\n`).join(''));
    const args = ['bundle', 'replay', '--bundle', bundle, '--trace', file, '--json', ...(approve ? ['--approve'] : [])];
    return (JSON.parse(writ(args)) as { tasks: DecidedTask[] }).tasks;
  };
  return {
    honest: replay('honest', honest, true),
    attacks: replay('attacks', attacks, false),
    answered: replay('attacks', attacks, true),
  };
}

function byGrant({ kind, ...task }: RecordedTask, grant: Grant): RecordedTask {
  return grant === 'role' || kind === undefined ? task : { ...task, kind };
}
