import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pc from 'picocolors';
import { exportLog, LogFolder } from '../audit/log/log-folder.js';
import type { TileSource } from '../audit/log/log-tiles.js';
import { logKeyFiles } from '../audit/log/open-log.js';
import { verifyReceipt } from '../audit/log/receipts.js';
import { type LogProblem, verifyConsistency, verifyLog } from '../audit/log/verify-log.js';
import { verifiedCheckpoint } from '../audit/tlog/checkpoint.js';
import { LogProofError, NoteError } from '../audit/tlog/errors.js';
import type { Verifier } from '../audit/tlog/note.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printJson, printNote } from './output.js';
import type { SealedFlags } from './person-keys-of.js';
import { readKey } from './read-key.js';
import { recordedSentence } from './recorded-sentence.js';
import type { StoreFlags } from './store-to-read.js';
import { withTiles } from './with-tiles.js';

export interface VerifyFlags extends SealedFlags {
  /** Public key of the log, or its file. */
  readonly key?: string;
  readonly witness?: readonly string[];
  /** File with an earlier checkpoint. */
  readonly since?: string;
  /** Whether to replay the log against the tables of the store. */
  readonly state?: boolean;
  readonly json?: boolean;
}

/** `writ log checkpoint`: prints the signed checkpoint of the log. */
export async function printCheckpoint(flags: StoreFlags): Promise<ExitCode> {
  const { checkpoint } = await withTiles(flags, (tiles) => tiles.head());
  process.stdout.write(checkpoint);
  return EXIT.ok;
}

/** `writ log export`: writes the log to a folder, in the layout of C2SP tlog-tiles. */
export async function exportTo(folder: string, flags: StoreFlags): Promise<ExitCode> {
  const size = await withTiles(flags, (tiles) => exportLog(tiles, folder));
  print(`${count(size, 'entry', 'entries')} in ${folder}; verify with: writ log verify ${folder} --key <log.pub>`);
  return EXIT.ok;
}

/** `writ log verify`: verifies a receipt, the folder of a log, or the log of a store. */
export async function verify(path: string | undefined, flags: VerifyFlags): Promise<ExitCode> {
  if (path !== undefined && flags.state === true)
    throw new UsageError(
      '--state compares the log of a store with its tables',
      'leave the path out; name the store by --data or --store',
    );
  const log = keyOf(flags);
  const witnesses = (flags.witness ?? []).map(readKey);
  try {
    return await verifyAt(path, log, witnesses, flags);
  } catch (error) {
    if (!(error instanceof LogProofError || error instanceof NoteError)) throw error;
    printNote(`${pc.red('not verified')}: ${error.message}`);
    return EXIT.failed;
  }
}

async function verifyAt(
  path: string | undefined,
  log: Verifier,
  witnesses: readonly Verifier[],
  flags: VerifyFlags,
): Promise<ExitCode> {
  if (path !== undefined && !existsSync(path)) {
    throw new UsageError(`there is no receipt and no folder ${path}`);
  }
  if (path !== undefined && !statSync(path).isDirectory()) return verifyFile(path, log, witnesses, flags);
  if (path === undefined) {
    const code = await withTiles(flags, async (tiles) =>
      verifySource(tiles, (await tiles.head()).checkpoint, log, witnesses, flags),
    );
    if (code !== EXIT.ok || flags.state !== true) return code;
    // Only then: it loads what reads sealed entries.
    return (await import('./compare-state.js')).compareState(flags);
  }
  const folder = new LogFolder(path);
  return verifySource(folder, await folder.checkpoint(), log, witnesses, flags);
}

function verifyFile(file: string, log: Verifier, witnesses: readonly Verifier[], { json }: VerifyFlags): ExitCode {
  const verified = verifyReceipt(readFileSync(file, 'utf8'), log, witnesses);
  const { record, index, size, origin, seenBy } = verified;
  const unseen = witnesses.filter(({ name }) => !seenBy.some(({ witness }) => witness === name));
  if (json === true) printJson({ ...verified, unseenBy: unseen.map(({ name }) => name) });
  else {
    print(`${pc.green('verified')}: the ${record.kind} ${record.id} of ${record.time}`);
    for (const line of recordedSentence(record)) print(line);
    print(`  It is entry ${index} of the log ${origin}, as signed for at ${count(size, 'entry', 'entries')}`);
    for (const { witness, at } of seenBy) print(`  seen by ${witness} at ${at}`);
  }
  return reportUnseen(unseen);
}

async function verifySource(
  source: TileSource,
  text: string,
  log: Verifier,
  witnesses: readonly Verifier[],
  { since, json }: VerifyFlags,
): Promise<ExitCode> {
  const checkpoint = verifiedCheckpoint(text, log, witnesses);
  const { problems: found } = await verifyLog(source, checkpoint);
  const problems = [...found];
  if (since !== undefined) {
    const earlier = verifiedCheckpoint(readFileSync(since), log);
    const problem = await verifyConsistency(source, earlier, checkpoint);
    if (problem !== undefined) problems.push(problem);
  }
  const seenBy = checkpoint.seenBy.map(({ verifier, at }) => ({ witness: verifier.name, at: at?.toISOString() }));
  const unseen = witnesses.filter(({ name }) => !seenBy.some(({ witness }) => witness === name));
  if (json === true) printJson({ origin: checkpoint.origin, size: checkpoint.size, problems, seenBy });
  else printReport(checkpoint, problems, seenBy, since !== undefined);
  return problems.length > 0 ? EXIT.failed : reportUnseen(unseen);
}

function printReport(
  { origin, size }: { readonly origin: string; readonly size: number },
  problems: readonly LogProblem[],
  seenBy: readonly { readonly witness: string; readonly at: string | undefined }[],
  isSince: boolean,
): void {
  for (const { where, what } of problems) printNote(`${pc.red('changed')} ${where}: ${what}`);
  if (problems.length > 0) return;
  print(`${pc.green('verified')}: ${count(size, 'entry', 'entries')} of the log ${origin}`);
  if (isSince) print('  it goes on from the earlier checkpoint');
  for (const { witness, at } of seenBy) print(`  seen by ${witness} at ${at}`);
}

function reportUnseen(unseen: readonly Verifier[]): ExitCode {
  for (const { name } of unseen)
    printNote(`${pc.red('not seen')} by ${name}: its signature is not under the checkpoint`);
  return unseen.length > 0 ? EXIT.failed : EXIT.ok;
}

function keyOf({ key, data }: VerifyFlags): Verifier {
  if (key !== undefined) return readKey(key);
  try {
    return readKey(logKeyFiles(join(data, 'keys')).public);
  } catch (cause) {
    throw new NoteError(
      'the public key of the log is not known',
      'give it with --key: the file log.pub that is in the folder keys of the service, or its line',
      { cause },
    );
  }
}
