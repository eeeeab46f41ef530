import pc from 'picocolors';
import { REVOCATION_KINDS, type Revocation } from '../registry/revocation.js';
import { askService, type ServiceFlags } from './ask-service.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { print, printFitted, printJson } from './output.js';

export type RevocationFlags = ServiceFlags & { readonly json?: boolean };
export interface RevokeFlags extends RevocationFlags {
  readonly reason: string;
  readonly task?: string;
  readonly before?: string;
}

/** `writ revoke`: revokes authority, from the next decision on. */
export async function revoke(kind: string, target: string, flags: RevokeFlags): Promise<ExitCode> {
  const name = kind.replaceAll('-', '_');
  if (!(REVOCATION_KINDS as readonly string[]).includes(name)) {
    throw new UsageError(
      `${kind} is nothing that can be revoked`,
      `one of: ${REVOCATION_KINDS.map((one) => one.replaceAll('_', '-')).join(', ')}`,
    );
  }
  const { reason, task, before } = flags;
  const revoked = await askService<Revocation>(flags, 'POST', '/v1/revocations', {
    kind: name,
    target,
    reason,
    task,
    before,
  });
  if (flags.json === true) printJson(revoked);
  else {
    print(`${pc.red('revoked')} ${described(revoked)}`);
    print(`It takes effect with the next decision. To undo it: writ revoke undo ${revoked.id} --reason ...`);
  }
  return EXIT.ok;
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
    printFitted(
      answer.revocations.map((one) => `${one.id}  ${described(one)}\n  ${pc.dim(`${one.at} by ${one.by}`)}`).join('\n'),
    );
  return EXIT.ok;
}

function described({ kind, target, task, before, reason }: Revocation): string {
  const where = task === undefined ? '' : ` in the task ${task}`;
  const until = before === undefined ? '' : `, as far as it was proved by ${before}`;
  return `${kind.replaceAll('_', ' ')} ${pc.bold(target)}${where}${until}: ${reason}`;
}
