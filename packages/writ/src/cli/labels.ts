import pc from 'picocolors';
import { askService, type ServiceFlags } from './ask-service.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { print, printJson } from './output.js';

const ASKED = ['task', 'store', 'item', 'limit', 'before'] as const;
export type LabelsFlags = ServiceFlags & { readonly json?: boolean } & {
  readonly [name in (typeof ASKED)[number]]?: string;
};

interface Labels {
  readonly of: string;
  readonly labels: readonly {
    readonly label: string;
    readonly on?: string;
    readonly how: 'itself' | 'name' | 'folder' | 'inside';
    readonly until?: string;
  }[];
  readonly isMore: boolean;
  readonly decisions: readonly {
    readonly id: string;
    readonly time: string;
    readonly action: string;
    readonly brought: readonly { readonly label: string; readonly on?: string }[];
  }[];
  readonly next?: string;
  readonly declassify?: object;
}

const HOW = { itself: '', name: ' (its name)', folder: ' (its folder)', inside: ' (in it)' } as const;

/** `writ ledger labels`: shows the labels of a task, a store or a thing in it, and the decisions that brought them. */
export async function showLabels(flags: LabelsFlags): Promise<ExitCode> {
  if ((flags.task === undefined) === (flags.store === undefined))
    throw new UsageError('neither or both of a task and a store are named', 'name one of --task, --store');
  const query = new URLSearchParams();
  for (const name of ASKED) if (flags[name] !== undefined) query.set(name, flags[name]);
  const shown = await askService<Labels>(flags, 'GET', `/v1/labels?${query}`);
  if (flags.json === true) printJson(shown);
  else print(linesOf(shown).join('\n'));
  return EXIT.ok;
}

function linesOf({ of, labels, isMore, decisions, next, declassify }: Labels): string[] {
  if (labels.length === 0) return [`${of} has no labels`];
  const lines = labels.map(({ label, on, how, until }) => {
    const place = on === undefined ? '' : `  ${on}${HOW[how]}`;
    return `  ${label}${place}  ${pc.dim(until === undefined ? 'for ever' : `until ${until}`)}`;
  });
  const brought = decisions.map(({ id, time, action, brought: all }) => {
    const what = all.map(({ label, on }) => (on === undefined ? label : `${label} to ${on}`));
    return `  ${id}  ${time}  ${action} brought ${what.join(', ')}`;
  });
  return [
    pc.bold(of),
    ...lines,
    ...(isMore ? [pc.dim('  and more: name a thing in the store')] : []),
    ...(brought.length === 0 ? [] : ['', 'brought by (writ explain ID says more)', ...brought]),
    ...(next === undefined ? [] : [pc.dim(`  earlier decisions: --before ${next}`)]),
    ...(declassify === undefined
      ? []
      : [
          '',
          'to take labels off, with a subject and a reason:',
          `  POST /v1/declassifications ${JSON.stringify(declassify)}`,
        ]),
  ];
}
