import { readFileSync } from 'node:fs';
import pc from 'picocolors';
import type { Constraint } from '../lib/authorization-details.js';
import { EXCHANGE_GRANT, TOKEN_TYPES } from '../provenance/token-types.js';
import { askService, type ServiceFlags } from './ask-service.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { print, printJson, printNote } from './output.js';
import { taskNamed } from './task-named.js';
import { type Proposal, proposalFor, proposalLines } from './task-proposal.js';
import { textOf } from './text-of.js';

export interface StartTaskFlags extends ServiceFlags {
  readonly credential: string;
  readonly scope: string;
  readonly audience?: string;
  readonly details?: string;
  readonly prompt?: string;
  readonly fromWords?: boolean;
  readonly json?: boolean;
}

export type TaskFlags = ServiceFlags & { readonly json?: boolean };

interface Task {
  readonly txn: string;
  readonly kind: string;
  /** How a task without a token began. */
  readonly began?: 'prompt' | 'session' | 'name' | 'call';
  readonly scope: readonly string[];
  readonly originator: string;
  readonly actor: string;
  readonly startedBy: string;
  readonly started: string;
  readonly expires: string;
  readonly state: 'active' | 'ended' | 'expired';
  readonly ended?: { readonly at: string; readonly by: string; readonly reason: string };
  readonly mandate: 'any' | readonly Grant[];
}

interface Grant extends Readonly<Record<string, unknown>> {
  readonly caps: readonly {
    readonly uses?: number;
    readonly limits?: Readonly<Record<string, number>>;
    readonly used: { readonly uses: number; readonly amounts: Readonly<Record<string, number>> };
  }[];
}

/** `writ task start`: exchanges a credential for the first token of a task. */
export async function startTask(flags: StartTaskFlags): Promise<ExitCode> {
  const form = new URLSearchParams({
    grant_type: EXCHANGE_GRANT,
    requested_token_type: TOKEN_TYPES.transactionToken,
    audience: flags.audience ?? '',
    scope: flags.scope,
    subject_token: readFileSync(flags.credential === '-' ? 0 : flags.credential, 'utf8').trim(),
    subject_token_type: TOKEN_TYPES.jwt,
  });
  const prompt = flags.prompt === undefined ? undefined : textOf(flags.prompt);
  const asked = await detailsFor(flags, prompt);
  if (asked.details !== undefined) form.set('authorization_details', asked.details);
  if (prompt !== undefined) form.set('prompt', prompt);
  const answer = await askService<{ access_token: string; proposal?: Proposal }>(flags, 'POST', '/token', form);
  const { access_token: token, proposal = asked.proposal } = answer;
  // Only here: it is a third of what `writ task list` would load.
  const { decodeJwt } = await import('jose');
  const { txn } = decodeJwt(token) as { txn: string };
  const task = await taskOf(txn, flags);
  if (flags.json === true) printJson({ token, task, ...(proposal === undefined ? {} : { proposal }) });
  else {
    const lines = proposal === undefined ? [] : ['', ...proposalLines(proposal)];
    print([described(task), ...lines, '', pc.dim('Send it as Txn-Token:'), token].join('\n'));
  }
  return EXIT.ok;
}

/** `writ task list`: lists the tasks that the caller may see, the newest first. */
export async function listTasks(flags: TaskFlags & { readonly before?: string }): Promise<ExitCode> {
  const query = new URLSearchParams(flags.before === undefined ? {} : { before: flags.before });
  const { tasks, next } = await askService<{ tasks: readonly Task[]; next?: string }>(
    flags,
    'GET',
    `/v1/tasks?${query}`,
  );
  if (flags.json === true) printJson(tasks);
  else if (tasks.length === 0) print('no task yet, or none that this caller may see');
  else
    print(
      tasks
        .map((task) => `${task.txn}  ${stateOf(task)}  ${kindOf(task)}  ${task.originator} by ${task.actor}`)
        .join('\n'),
    );
  if (next !== undefined) printNote(pc.dim(`more: --before ${next}`));
  return EXIT.ok;
}

/** `writ task show`: shows whom a task is for, what it may do, and what it has used up. */
export async function showTask(txn: string, flags: TaskFlags): Promise<ExitCode> {
  const task = await taskOf(await taskNamed(txn, flags, false), flags);
  if (flags.json === true) printJson(task);
  else print(described(task));
  return EXIT.ok;
}

/** `writ task end`: ends a task; nothing is permitted in it from now on. */
export async function endTask(txn: string, flags: TaskFlags & { readonly reason: string }): Promise<ExitCode> {
  const path = `/v1/tasks/${encodeURIComponent(await taskNamed(txn, flags, true))}/end`;
  const task = await askService<Task>(flags, 'POST', path, { reason: flags.reason });
  if (flags.json === true) printJson(task);
  else
    print(
      `${described(task)}\n${
        task.began === undefined
          ? 'its tokens, and those of everybody it was handed on to, are worth nothing from now on'
          : 'its calls are denied from now on, until something begins another task'
      }`,
    );
  return EXIT.ok;
}

async function taskOf(txn: string, flags: ServiceFlags): Promise<Task> {
  return await askService<Task>(flags, 'GET', `/v1/tasks/${encodeURIComponent(txn)}`);
}

/** Returns the mandate to ask for: the one that was given, or the one that the service proposes for the prompt. */
async function detailsFor(
  flags: StartTaskFlags,
  prompt: string | undefined,
): Promise<{ readonly details?: string; readonly proposal?: Proposal }> {
  const { details, fromWords = false, scope } = flags;
  if (!fromWords) return details === undefined ? {} : { details: textOf(details) };
  if (prompt === undefined)
    throw new UsageError('--from-words needs the prompt', 'add --prompt TEXT, or --prompt @FILE');
  if (details !== undefined)
    throw new UsageError('--from-words and --details both say what the task may do', 'leave one of them out');
  const proposal = await proposalFor(scope, prompt, flags, ['words']);
  const narrowed = proposal.constraints.length === 0 ? undefined : proposal.authorization_details;
  return { proposal, ...(narrowed === undefined ? {} : { details: JSON.stringify(narrowed) }) };
}

function described(task: Task): string {
  const { txn, originator, actor, startedBy, started, expires, mandate, ended, began } = task;
  return [
    `task ${pc.bold(txn)}  ${stateOf(task)}`,
    `  kind     ${kindOf(task)}`,
    `  for      ${originator}${actor === originator ? '' : `, by ${actor}`}`,
    began === undefined
      ? `  started  ${started} by ${startedBy}; until ${expires}`
      : `  started  ${started} through ${startedBy}, by its ${began}, without a token; if it is not used, until ${expires}`,
    ...(ended === undefined ? [] : [`  ended    ${ended.at} by ${ended.by}: ${ended.reason}`]),
    ...(mandate === 'any'
      ? ['  may do   whatever everybody on its path may do']
      : mandate.map((grant, i) => `  ${i === 0 ? 'may do ' : '       '}  ${grantText(grant)}`)),
  ].join('\n');
}

function stateOf({ state }: Task): string {
  return state === 'active' ? pc.green(state) : pc.red(state);
}

function kindOf({ kind, scope }: Task): string {
  return `${kind === '' ? 'none' : kind}${scope.length === 0 ? '' : pc.dim(` (scope ${scope.join(' ')})`)}`;
}

function grantText({ caps, actions, effects, resources, input, until }: Grant): string {
  const list = (values: unknown): string => (values as readonly string[]).join(', ');
  const parts: string[] = [];
  if (actions !== undefined) parts.push(list(actions));
  if (effects !== undefined)
    parts.push(`${actions === undefined ? 'whatever' : 'if it'} only has the effects ${list(effects)}`);
  if (resources !== undefined) parts.push(`on ${list(resources)}`);
  for (const [name, constraint] of Object.entries((input ?? {}) as Record<string, object>))
    parts.push(`with ${name} ${constraintText(constraint)}`);
  if (until !== undefined) parts.push(`until ${new Date(Number(until) * 1_000).toISOString()}`);
  for (const { uses, limits, used } of caps) {
    if (uses !== undefined) parts.push(`${used.uses} of ${uses} uses`);
    for (const [name, limit] of Object.entries(limits ?? {}))
      parts.push(`${used.amounts[name] ?? 0} of ${limit} of ${name} used up`);
  }
  return parts.join('; ');
}

function constraintText(constraint: Constraint): string {
  const { one_of: values, min, max, optional } = constraint;
  const parts: string[] = [];
  if (values !== undefined) parts.push(values.map((value) => JSON.stringify(value)).join(' or '));
  if (min !== undefined) parts.push(`from ${min}`);
  if (max !== undefined) parts.push(`up to ${max}`);
  if (optional === true) parts.push('or without it');
  return parts.join(' ');
}
