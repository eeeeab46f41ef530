import pc from 'picocolors';
import { askService, type ServiceFlags } from './ask-service.js';
import { EXIT, type ExitCode } from './exit.js';
import { print, printJson } from './output.js';
import { textOf } from './text-of.js';

export interface ProposeFlags extends ServiceFlags {
  readonly scope: string;
  readonly prompt: string;
  readonly json?: boolean;
}

interface Words {
  readonly text: string;
  readonly at: number;
}

/** How a mandate is narrowed to a prompt, as the service shows it. */
export interface Proposal {
  readonly by: readonly string[];
  readonly planner?: string;
  readonly constraints: readonly {
    readonly action: string;
    readonly argument?: string;
    readonly constraint: unknown;
    readonly words: readonly Words[];
  }[];
  readonly unused: readonly (Words & { readonly why: string })[];
}

interface Proposed extends Proposal {
  readonly kind: string;
  readonly authorization_details?: readonly object[];
}

/** `writ task propose`: shows the mandate that a task could have by its prompt. It starts nothing. */
export async function proposeTask(flags: ProposeFlags): Promise<ExitCode> {
  const proposed = await proposalFor(flags.scope, textOf(flags.prompt), flags);
  if (flags.json === true) printJson(proposed);
  else {
    const details = proposed.authorization_details;
    print(
      [
        ...proposalLines(proposed),
        ...(details === undefined ? [] : ['', pc.dim('As authorization_details:'), JSON.stringify(details)]),
      ].join('\n'),
    );
  }
  return EXIT.ok;
}

/** Returns the proposal of the service for a prompt. */
export function proposalFor(
  scope: string,
  prompt: string,
  flags: ServiceFlags,
  by?: readonly string[],
): Promise<Proposed> {
  const means = by === undefined ? {} : { by };
  return askService<Proposed>(flags, 'POST', '/v1/task-proposals', { scope, prompt, ...means });
}

/** Describes a proposal: each constraint with the words that it came from, and what constrains nothing. */
export function proposalLines({ planner, constraints, unused }: Proposal): string[] {
  const quoted = (words: readonly Words[]): string =>
    words.map(({ text, at }) => `${JSON.stringify(text)} at ${at}`).join(', ');
  const found = constraints.map(
    ({ action, argument, constraint, words }) =>
      `  ${action}  ${argument ?? 'resource'} ${JSON.stringify(constraint)}  ${pc.dim(`by ${quoted(words)}`)}`,
  );
  const left = unused.map(({ why, ...words }) => `  ${words.text === '' ? '' : `${quoted([words])}: `}${why}`);
  return [
    ...(planner === undefined ? [] : [`proposed by ${planner}`]),
    ...(found.length === 0 ? ['the prompt constrains nothing'] : ['the prompt constrains', ...found]),
    ...(left.length === 0 ? [] : ['without effect', ...left]),
  ];
}
