import pc from 'picocolors';
import { askService, type ServiceFlags } from './ask-service.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { print, printJson } from './output.js';
import { taskNamed } from './task-named.js';

const KINDS = ['task', 'actor', 'originator', 'resource'] as const;
export type LedgerFlags = ServiceFlags & { readonly json?: boolean } & {
  readonly [kind in (typeof KINDS)[number]]?: string;
};

/**
 * `writ ledger show`: shows the accumulators of a task, an actor, an originator or a resource.
 *
 * @throws {ServiceError} also if nothing counts for a task, and no task has this id
 */
export async function showLedger(flags: LedgerFlags): Promise<ExitCode> {
  const named = KINDS.filter((one) => flags[one] !== undefined);
  const [kind] = named;
  if (kind === undefined || named.length > 1) {
    throw new UsageError(`${named.length} keys are named`, `name one of ${KINDS.map((one) => `--${one}`).join(', ')}`);
  }
  const given = flags[kind] as string;
  const key = kind === 'task' ? await taskNamed(given, flags, false) : given;
  const query = new URLSearchParams({ [kind]: key });
  const {
    key: shown,
    labels,
    values,
    givesBackNever,
  } = await askService<{
    key: string;
    labels?: string[];
    values: Record<string, number | string | string[]>;
    givesBackNever?: string[];
  }>(flags, 'GET', `/v1/ledger?${query}`);
  const amounts = Object.values(values);
  if (kind === 'task' && labels === undefined && amounts.length > 0 && amounts.every(isEmpty))
    // Nothing counted, and a task that does not exist, would look alike.
    await askService(flags, 'GET', `/v1/tasks/${encodeURIComponent(key)}`);
  if (flags.json === true) printJson({ key: shown, labels, values, givesBackNever });
  else if (Object.keys(values).length === 0 && labels === undefined) print(`no accumulator has the key ${kind}`);
  else {
    const rows = { ...values, ...(labels === undefined ? {} : { 'has read': labels }) };
    const width = Math.max(...Object.keys(rows).map((name) => name.length));
    const lines = Object.entries(rows).map(([name, value]) => {
      const text = !Array.isArray(value) ? String(value) : value.length === 0 ? pc.dim('nothing') : value.join(', ');
      const note = givesBackNever?.includes(name) === true ? pc.dim('  (gives nothing back)') : '';
      return `  ${name.padEnd(width)}  ${text}${note}`;
    });
    print([pc.bold(shown), ...lines].join('\n'));
  }
  return EXIT.ok;
}

const isEmpty = (value: number | string | string[]): boolean =>
  Array.isArray(value) ? value.length === 0 : Number(value) === 0;
