import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseUid, uidText } from '@writ/cedar';
import { messageOf } from '@writ/sdk/lib/message-of';
import pc from 'picocolors';
import { verifyReceipt } from '../audit/log/receipts.js';
import { parseVerifier, type Verifier } from '../audit/tlog/note.js';
import type { DecisionRecord } from '../decide/record.js';
import { askForText, askService, type ServiceFlags } from './ask-service.js';
import { timeOf, type UnknownTerm } from './decisions.js';
import { IdentityError, UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { holdingsOf } from './holdings.js';
import { type Incident, type IncidentDecision, incidentPage } from './incident-page.js';
import { count, print, printJson, printNote } from './output.js';

export interface IncidentFlags extends ServiceFlags {
  /** A time, or an age such as `7d`. */
  readonly since: string;
  readonly until?: string;
  readonly out?: string;
  readonly limit: string;
  readonly json?: boolean;
}

const PAGE = 500;
/** The most decisions of a bundle. */
const MAX_DECISIONS = 20_000;
const PRIVATE = { mode: 0o600, flag: 'wx' } as const;

/** `writ log incident`: writes what an identity did, with proofs, and a page for people, into a folder. */
export async function incident(name: string, flags: IncidentFlags): Promise<ExitCode> {
  const uid = parseUid(name);
  if (uid === undefined) throw new IdentityError(`${name} is not an identity`, 'write it as in Agent::"planner"');
  const target = uidText(uid);
  const since = timeOf(flags.since);
  const end = flags.until === undefined ? undefined : timeOf(flags.until);
  const until = end ?? new Date().toISOString();
  const most = Number(flags.limit);
  if (!Number.isSafeInteger(most) || most < 1 || most > MAX_DECISIONS)
    throw new UsageError(`--limit is a number from 1 to ${MAX_DECISIONS}`);
  const found = await decisionsOf(flags, target, since, end, most);
  if (found.unknown !== undefined) {
    const { near } = found.unknown;
    throw new UsageError(
      `no decision on the record is of ${target}; nothing was written`,
      near.length === 0 ? 'writ identity list shows whom it is about' : `near it: ${near.join(', ')}`,
    );
  }
  const folder = folderFor(flags.out ?? `incident-${fileName(target)}-${fileName(until)}`);
  const key = await logKeyOf(flags);
  const decisions: IncidentDecision[] = [];
  const problems: string[] = [];
  // The oldest first: a reader follows what happened.
  for (const decision of found.decisions.reverse()) {
    const outcome = await outcomeOf(flags, decision.id, problems);
    const isProved = await writeProof(flags, folder, decision, key?.verifier, problems);
    decisions.push({ decision, outcome, isProved });
  }
  const holdings = await holdingsOf(flags, uid, target);
  const made = new Date().toISOString();
  const whole: Incident = { target, since, until, made, decisions, isCut: found.isCut, holdings, problems };
  const lines = decisions.map(({ decision, outcome }) => JSON.stringify({ decision, outcome }));
  writeFileSync(join(folder, 'decisions.ndjson'), lines.map((line) => `${line}\n`).join(''), PRIVATE);
  writeFileSync(join(folder, 'holdings.json'), `${JSON.stringify(holdings, undefined, 2)}\n`, PRIVATE);
  if (key !== undefined) writeFileSync(join(folder, 'log.pub'), key.text, PRIVATE);
  writeFileSync(join(folder, 'index.html'), incidentPage(whole), PRIVATE);
  return report(whole, folder, flags);
}

function report(
  { target, decisions, isCut, holdings, problems }: Incident,
  folder: string,
  flags: IncidentFlags,
): ExitCode {
  const proved = decisions.filter(({ isProved }) => isProved).length;
  const missing = [...problems, ...holdings.unread];
  if (flags.json === true) printJson({ folder, decisions: decisions.length, proved, isCut, missing });
  else {
    print(
      `${pc.bold(folder)}: ${count(decisions.length, 'decision')} of ${target}, ${proved} with a proof that was verified`,
    );
    print(
      `  a page for people in index.html; verify a proof with: writ log verify ${join(folder, 'proofs', 'ID')} --key ${join(folder, 'log.pub')}`,
    );
  }
  if (isCut)
    printNote(
      pc.yellow(
        `the oldest decisions are left out: there are more than ${decisions.length}; --limit N, or a shorter time`,
      ),
    );
  for (const one of missing) printNote(pc.yellow(`missing: ${one}`));
  return isCut || missing.length > 0 || proved < decisions.length ? EXIT.failed : EXIT.ok;
}

interface Found {
  /** The newest first. */
  readonly decisions: DecisionRecord[];
  readonly isCut: boolean;
  /** That no decision has this identity, at whatever time. */
  readonly unknown?: UnknownTerm;
}

async function decisionsOf(
  flags: ServiceFlags,
  identity: string,
  since: string,
  until: string | undefined,
  most: number,
): Promise<Found> {
  const decisions: DecisionRecord[] = [];
  let before: string | undefined;
  do {
    const query = new URLSearchParams({ identity, since, limit: String(PAGE) });
    if (until !== undefined) query.set('until', until);
    if (before !== undefined) query.set('before', before);
    const page = await askService<{
      decisions: DecisionRecord[];
      next?: string;
      unknown?: readonly UnknownTerm[];
    }>(flags, 'GET', `/v1/decisions?${query}`);
    if (page.unknown?.[0] !== undefined) return { decisions: [], isCut: false, unknown: page.unknown[0] };
    decisions.push(...page.decisions);
    before = page.next;
  } while (before !== undefined && decisions.length <= most);
  return { decisions: decisions.slice(0, most), isCut: decisions.length > most };
}

async function outcomeOf(
  flags: ServiceFlags,
  id: string,
  problems: string[],
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const path = `/v1/decisions/${encodeURIComponent(id)}`;
    return (await askService<{ outcome?: Record<string, unknown> }>(flags, 'GET', path)).outcome;
  } catch (error) {
    problems.push(`the outcome of ${id}: ${messageOf(error)}`);
    return undefined;
  }
}

/** Writes the proof of a decision. @returns whether it was verified, and is of this record */
async function writeProof(
  flags: ServiceFlags,
  folder: string,
  decision: DecisionRecord,
  key: Verifier | undefined,
  problems: string[],
): Promise<boolean> {
  const { id } = decision;
  try {
    const text = await askForText(flags, `/v1/decisions/${encodeURIComponent(id)}/receipt`);
    writeFileSync(join(folder, 'proofs', fileName(id)), text, PRIVATE);
    if (key === undefined) return false;
    const { record } = verifyReceipt(text, key, []);
    if (record.id === id && record.time === decision.time) return true;
    problems.push(`the proof of ${id} is of another entry`);
  } catch (error) {
    problems.push(`the proof of ${id}: ${messageOf(error)}`);
  }
  return false;
}

async function logKeyOf(
  flags: ServiceFlags,
): Promise<{ readonly text: string; readonly verifier: Verifier } | undefined> {
  try {
    const text = await askForText(flags, '/v1/log/key');
    return { text, verifier: parseVerifier(text.trim()) };
  } catch (error) {
    printNote(pc.yellow(`the proofs are not verified: ${messageOf(error)}`));
    return undefined;
  }
}

/** Makes the folder, for its owner alone. @throws {UsageError} if there is something in it */
function folderFor(folder: string): string {
  mkdirSync(join(folder), { recursive: true, mode: 0o700 });
  if (readdirSync(folder).length > 0) throw new UsageError(`${folder} is not empty`, 'name another with --out');
  mkdirSync(join(folder, 'proofs'), { mode: 0o700 });
  return folder;
}

/** Returns a text as a part of a file name: whatever it is, it names a file of that folder. */
function fileName(text: string): string {
  return (
    text
      .replaceAll(/[^A-Za-z0-9-]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 100) || 'unnamed'
  );
}
