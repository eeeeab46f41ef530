import pc from 'picocolors';
import { millisecondsOf } from '../lib/duration.js';
import { askService, type ServiceFlags } from './ask-service.js';
import { GrantError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { print, printJson } from './output.js';

export interface GrantFlags extends ServiceFlags {
  readonly in: string;
  readonly purpose: string;
  readonly for?: string;
  readonly until?: string;
  readonly from?: string;
  readonly task?: string;
  readonly json?: boolean;
}
export type GrantsFlags = ServiceFlags & { readonly json?: boolean };

interface GrantView {
  readonly id: string;
  readonly identity: string;
  readonly in: string;
  readonly purpose: string;
  readonly task?: string;
  readonly start: string;
  readonly end?: string;
  readonly grantedBy: string;
  readonly state: string;
}

/** `writ identity grant add`: puts an identity into a role or group for some time. */
export async function grant(identity: string, flags: GrantFlags): Promise<ExitCode> {
  const { in: role, purpose, task, from, json } = flags;
  const start = from === undefined ? undefined : timeIn(from, '--from');
  const body = { identity, in: role, purpose, task, start, end: endOf(flags, start) };
  const made = await askService<GrantView>(flags, 'POST', '/v1/grants', body);
  if (json === true) printJson(made);
  else {
    print(`${pc.green('granted')} ${described(made)}`);
    print(`To end it before: writ identity grant end ${made.id} --reason ...`);
  }
  return EXIT.ok;
}

/** `writ identity grant list`: lists grants. */
export async function listGrants(flags: GrantsFlags): Promise<ExitCode> {
  const { grants } = await askService<{ grants: GrantView[] }>(flags, 'GET', '/v1/grants');
  if (flags.json === true) printJson(grants);
  else
    print(grants.length === 0 ? 'nothing is granted' : grants.map((one) => `${one.id}  ${described(one)}`).join('\n'));
  return EXIT.ok;
}

/** `writ identity grant end`: ends a grant now. */
export async function endGrant(id: string, flags: GrantsFlags & { readonly reason: string }): Promise<ExitCode> {
  const query = new URLSearchParams({ reason: flags.reason });
  const ended = await askService<GrantView>(flags, 'DELETE', `/v1/grants/${encodeURIComponent(id)}?${query}`);
  if (flags.json === true) printJson(ended);
  else print(`${pc.red('ended')} ${described(ended)}`);
  return EXIT.ok;
}

function endOf({ for: length, until }: GrantFlags, start: string | undefined): string | undefined {
  if (length !== undefined && until !== undefined) throw new GrantError('--for and --until both say when it ends');
  if (until !== undefined) return timeIn(until, '--until');
  if (length === undefined) return undefined;
  const ms = millisecondsOf(length);
  if (!(ms > 0)) throw new GrantError(`--for: ${length} is no time`, 'as in 30m, 8h or 2d');
  return new Date((start === undefined ? Date.now() : Date.parse(start)) + ms).toISOString();
}

function timeIn(text: string, flag: string): string {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new GrantError(`${flag}: ${text} is no time`, 'as in 2026-11-24T18:00:00Z');
  return new Date(at).toISOString();
}

function described({ identity, in: role, purpose, task, start, end, grantedBy, state }: GrantView): string {
  const where = task === undefined ? '' : ` in the task ${task}`;
  const color = state === 'active' ? pc.green : pc.dim;
  return `${pc.bold(identity)} in ${pc.bold(role)}${where}, ${start} to ${end ?? 'no end'}, ${color(state)}: ${purpose} ${pc.dim(`(by ${grantedBy})`)}`;
}
