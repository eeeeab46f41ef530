import { messageOf } from '@writ/sdk/lib/message-of';
import pc from 'picocolors';
import type { DecisionRecord } from '../decide/record.js';
import { EVERYTHING, REVOCATION_KINDS, type Revocation } from '../registry/revocation.js';
import { askService, type ServiceFlags } from './ask-service.js';
import { DecisionTable } from './decision-table.js';
import { ServiceError, UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printJson, printNote } from './output.js';
import { timeAhead } from './time-ahead.js';

export type RevocationFlags = ServiceFlags & { readonly json?: boolean };
export interface RevokeFlags extends RevocationFlags {
  readonly reason: string;
  readonly task?: string;
  readonly before?: string;
  /** A time, or how long from now such as `2h`. */
  readonly until?: string;
  readonly force?: boolean;
}

/** A revocation that was just made. */
type MadeRevocation = Revocation & { readonly underWay?: number; readonly recorded?: false; readonly stood?: true };

/** `writ revoke`: revokes authority, from the next decision on. */
export async function revoke(kind: string, target: string | undefined, flags: RevokeFlags): Promise<ExitCode> {
  const name = kind.replaceAll('-', '_');
  if (!(REVOCATION_KINDS as readonly string[]).includes(name)) {
    throw new UsageError(
      `${kind} is nothing that can be revoked`,
      `one of: ${REVOCATION_KINDS.map((one) => one.replaceAll('_', '-')).join(', ')}`,
    );
  }
  const { reason, task, before, until } = flags;
  if (name !== EVERYTHING && target === undefined) throw new UsageError(`name the ${kind} that is revoked`);
  if (name === EVERYTHING && target !== undefined)
    throw new UsageError(
      '`writ revoke all` has no target: it is everything',
      'writ revoke all --until 2h --reason TEXT',
    );
  if (name === EVERYTHING && until === undefined)
    throw new UsageError('everything is revoked until a time', 'writ revoke all --until 2h --reason TEXT');
  const ends = until === undefined ? undefined : timeAhead(until);
  const body = { kind: name, target: target ?? EVERYTHING, reason, task, before, until: ends };
  const revoked = await makeRevocation(flags, body, flags.force === true);
  if (flags.json === true) printJson(revoked);
  else {
    print(`${pc.red('revoked')} ${described(revoked)}`);
    printMade(revoked, reason);
    print(await lastCallOf(flags, revoked));
  }
  return EXIT.ok;
}

/** Makes a revocation over the API. @throws {ServiceError} if nothing there knows its target, unless it is forced */
export async function makeRevocation(
  flags: ServiceFlags,
  body: Readonly<Record<string, unknown>>,
  isForced: boolean,
): Promise<MadeRevocation> {
  try {
    return await askService<MadeRevocation>(flags, 'POST', '/v1/revocations', { ...body, mustBeKnown: !isForced });
  } catch (error) {
    if (!(error instanceof ServiceError) || !error.message.endsWith('Nothing was revoked')) throw error;
    throw new ServiceError(error.message, 'to revoke a name that was never seen: --force');
  }
}

/** Prints what a revocation does, and how it is undone. */
export function printMade({ id, underWay = 0, recorded, stood, at, by, reason }: MadeRevocation, given: string): void {
  if (stood === true) {
    print(pc.yellow(`It was revoked already, at ${at} by ${by}, because: ${reason}`));
    if (reason !== given)
      print(`That reason stays. For the new one: writ revoke undo ${id} --reason ..., then this again.`);
  }
  print(
    underWay === 0
      ? 'It takes effect with the next decision; no call was under way.'
      : `It takes effect with the next decision. ${count(underWay, 'call')} had no outcome yet: the gateway cancels its own.`,
  );
  print(`To undo it: writ revoke undo ${id} --reason ...`);
  if (recorded === false) printNote('It is in force, and not on disk yet: make room, and do not restart the service.');
}

/** The kinds of revocation whose targets decisions are found by, with the term. */
const TERMS: Readonly<Partial<Record<string, string>>> = {
  identity: 'identity',
  delegation: 'identity',
  task: 'task',
  session: 'session',
  action: 'action',
  tool: 'tool',
  upstream: 'tool',
};

/** Returns the last call of what was revoked, in words. */
async function lastCallOf(flags: ServiceFlags, { kind, target }: Revocation): Promise<string> {
  const term = TERMS[kind];
  if (term === undefined) return pc.dim('Its last call is not looked for.');
  try {
    const query = new URLSearchParams({ [term]: target, limit: '1' });
    const { decisions } = await askService<{ decisions: DecisionRecord[] }>(flags, 'GET', `/v1/decisions?${query}`);
    const [last] = decisions;
    if (last === undefined) return 'It has no call on the record.';
    const seconds = Math.max(0, Math.round((Date.now() - Date.parse(last.time)) / 1_000));
    return [`Its last call was ${seconds} s ago:`, ...new DecisionTable().lines([last])].join('\n');
  } catch (error) {
    return pc.yellow(`Its last call could not be looked for: ${messageOf(error)}`);
  }
}

/** `writ revoke undo`: lifts a revocation. */
export async function reinstate(id: string, flags: RevocationFlags & { readonly reason: string }): Promise<ExitCode> {
  const query = new URLSearchParams({ reason: flags.reason });
  const lifted = await askService<Revocation>(flags, 'DELETE', `/v1/revocations/${encodeURIComponent(id)}?${query}`);
  if (flags.json === true) printJson(lifted);
  else print(`${pc.green('reinstated')} ${described(lifted)}`);
  return EXIT.ok;
}

/** `writ revoke list`: lists revocations. */
export async function listRevocations(flags: RevocationFlags): Promise<ExitCode> {
  const answer = await askService<{ revocations: Revocation[] }>(flags, 'GET', '/v1/revocations');
  if (flags.json === true) printJson(answer.revocations);
  else if (answer.revocations.length === 0) print('nothing is revoked');
  else
    print(
      answer.revocations.map((one) => `${one.id}  ${described(one)}\n  ${pc.dim(`${one.at} by ${one.by}`)}`).join('\n'),
    );
  return EXIT.ok;
}

function described({ kind, target, task, before, until, reason }: Revocation): string {
  if (kind === 'all') return `${pc.bold('everything')} until ${until}: ${reason}`;
  const where = task === undefined ? '' : ` in the task ${task}`;
  const proved = before === undefined ? '' : `, as far as it was proved by ${before}`;
  return `${kind.replaceAll('_', ' ')} ${pc.bold(target)}${where}${proved}: ${reason}`;
}
