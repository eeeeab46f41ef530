import { parseUid, uidText } from '@writ/cedar';
import { messageOf } from '@writ/sdk/lib/message-of';
import pc from 'picocolors';
import type { DecisionRecord } from '../decide/record.js';
import type { ServiceFlags } from './ask-service.js';
import { askService } from './ask-service.js';
import { DecisionTable } from './decision-table.js';
import { IdentityError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { holdingLines, holdingsOf } from './holdings.js';
import { print, printJson, printNote } from './output.js';
import { makeRevocation, printMade } from './revoke.js';

export interface StopFlags extends ServiceFlags {
  readonly reason: string;
  readonly force?: boolean;
  readonly last: string;
  readonly json?: boolean;
}

/** `writ stop`: revokes an identity, and says what it did last and what else it holds. */
export async function stop(name: string, flags: StopFlags): Promise<ExitCode> {
  const uid = parseUid(name);
  if (uid === undefined) throw new IdentityError(`${name} is not an identity`, 'write it as in Agent::"planner"');
  const target = uidText(uid);
  // First, and whatever of the rest can be read.
  const revoked = await makeRevocation(flags, { kind: 'identity', target, reason: flags.reason }, flags.force === true);
  if (flags.json !== true) {
    print(`${pc.red('stopped')} ${pc.bold(target)}: ${revoked.reason}`);
    printMade(revoked, flags.reason);
  }
  const [last, holdings] = [await lastCalls(flags, target), await holdingsOf(flags, uid, target)];
  if (flags.json === true) printJson({ revocation: revoked, ...last, holdings });
  else printRest(last, holdingLines(holdings), [...last.unread, ...holdings.unread]);
  return EXIT.ok;
}

interface LastCalls {
  readonly calls: readonly DecisionRecord[];
  readonly unread: readonly string[];
}

async function lastCalls(flags: StopFlags, target: string): Promise<LastCalls> {
  try {
    const query = new URLSearchParams({ identity: target, limit: flags.last });
    const { decisions } = await askService<{ decisions: DecisionRecord[] }>(flags, 'GET', `/v1/decisions?${query}`);
    return { calls: decisions, unread: [] };
  } catch (error) {
    return { calls: [], unread: [`its last calls: ${messageOf(error)}`] };
  }
}

function printRest({ calls, unread: missed }: LastCalls, holds: readonly string[], unread: readonly string[]): void {
  if (missed.length === 0)
    print(calls.length === 0 ? '\nIt made no call on the record.' : '\nIts last calls, the newest first:');
  for (const line of new DecisionTable().lines(calls)) print(line);
  if (holds.length > 0) print('\nIt also holds, and all of it is worth nothing while it is revoked:');
  for (const line of holds) print(`  ${line}`);
  for (const line of unread) printNote(pc.yellow(`not shown: ${line}`));
}
