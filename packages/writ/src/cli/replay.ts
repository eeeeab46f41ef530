import pc from 'picocolors';
import { type ChangeReport, type Counts, type ReplayReport, ReplayTally } from '../audit/explain/replay-report.js';
import { LogReader } from '../audit/log/log-reader.js';
import { NO_CATCH_UP } from '../audit/log/log-tiles.js';
import { loadBundle } from '../bundle/bundle.js';
import { asDecided } from '../decide/observing.js';
import { planeOf } from '../decide/plane-of.js';
import { Replay } from '../decide/replay/replay.js';
import { timeOf } from './decisions.js';
import { EXIT, type ExitCode } from './exit.js';
import { print, printJson } from './output.js';
import { personKeysOf, type SealedFlags } from './person-keys-of.js';
import { storeToRead } from './store-to-read.js';

export interface ReplayRecordFlags extends SealedFlags {
  /** The folder of the other bundle. */
  readonly policy: string;
  readonly since?: string;
  readonly until?: string;
  readonly json?: boolean;
}

const AT_ONCE = 500;
const SHOWN = 5;

/** `writ decision replay`: decides recorded requests again with another bundle, and lists the differences. */
export async function replay(flags: ReplayRecordFlags): Promise<ExitCode> {
  const bundle = loadBundle(flags.policy);
  const again = new Replay(planeOf(bundle), bundle.entities);
  const [since, until] = [flags.since, flags.until].map((time) => time && timeOf(time));
  const store = await storeToRead(flags);
  const tally = new ReplayTally();
  try {
    const reader = new LogReader(store, personKeysOf(store, flags), NO_CATCH_UP);
    for (let position = { seq: 0, index: -1 }; ; ) {
      const page = await reader.read(position, AT_ONCE);
      for (const { entry } of page) {
        if ((since && entry.time < since) || (until && entry.time >= until)) continue;
        if (entry.kind === 'erased' && entry.was === 'decision') tally.erase();
        if (entry.kind !== 'decision') continue;
        const decided = asDecided(entry);
        const made = again.decide(decided);
        if (made.kind === 'decided') tally.decided(decided, made.verdict);
        else if (made.kind === 'kept') tally.keep(decided);
        else tally.miss(decided, made.why);
      }
      const last = page[page.length - 1];
      if (last === undefined) break;
      position = last.position;
    }
  } finally {
    await store.destroy();
  }
  const report = tally.report();
  if (flags.json === true) printJson({ policyVersion: bundle.version, ...report });
  else print(reportText(report, bundle.settings.name, bundle.version));
  return EXIT.ok;
}

function reportText(report: ReplayReport, name: string, version: string): string {
  const { decisions, since, until, same, kept, newlyPermitted, newlyDenied, otherwise, notRecorded, erased } = report;
  const lines = [
    decisions === 0
      ? 'no decisions to make again'
      : `${decisions.toLocaleString('en')} decisions from ${since} to ${until}, made again with ${pc.bold(name)} ${version}`,
    `  ${same.toLocaleString('en')} as they were`,
  ];
  if (kept > 0)
    lines.push(`  ${kept.toLocaleString('en')} that no policy made: revoked, not authenticated, not recorded`);
  if (erased > 0) lines.push(`  ${erased.toLocaleString('en')} left out: about people who were erased`);
  lines.push(
    ...changeLines(pc.red('newly denied'), newlyDenied),
    ...changeLines(pc.green('newly permitted'), newlyPermitted),
  );
  lines.push(...changeLines(pc.yellow('permitted or denied as before, and otherwise different'), otherwise));
  const missing = Object.entries(notRecorded);
  if (missing.length > 0) {
    lines.push('', pc.yellow('cannot be made again'));
    for (const [why, n] of missing) lines.push(`  ${String(n).padStart(7)}  ${why}`);
  }
  return lines.join('\n');
}

function changeLines(what: string, { count, byIdentity, byAction, byPolicy, examples }: ChangeReport): string[] {
  if (count === 0) return [];
  return [
    '',
    `${what}: ${count.toLocaleString('en')}`,
    ...countLines('by identity', byIdentity),
    ...countLines('by action', byAction),
    ...countLines('by policy', byPolicy),
    `  as in ${examples.join(', ')}`,
  ];
}

function countLines(what: string, counts: Counts): string[] {
  const all = Object.entries(counts);
  const shown = all.slice(0, SHOWN).map(([name, n]) => `  ${String(n).padStart(7)}  ${name}`);
  return [`  ${what}`, ...shown, ...(all.length > SHOWN ? [`           and ${all.length - SHOWN} more`] : [])];
}
