import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@writ/sdk/lib/message-of';
import { pathsIn } from '../bundle/folder.js';
import { overlayFile } from '../bundle/overlay-name.js';
import { EXIT, type ExitCode } from './exit.js';
import { reportFailure } from './failure.js';
import { printNote } from './output.js';
import { stopSignal } from './stop-signal.js';

/** The time between two looks at a bundle, in ms; of a large bundle it is as long as keeps a processor free. */
const PAUSE_MS = 250;
const PAUSE_PER_LOOK = 20;
/** How many changed files are named. */
const MAX_NAMED = 3;

/** The files of a bundle, and those that look like one, each with what changes when it is written. */
type Stamps = ReadonlyMap<string, string>;

/**
 * Runs a command over a bundle, and again after each change of a file of the bundle, until it is stopped. A run that fails is reported,
 * and the next change awaited. No two runs overlap.
 *
 * The files are looked at: a notification of the system is lost behind a link, a mounted ConfigMap, or a network drive.
 *
 * @param run returns undefined if it was stopped before its end
 * @param signal stops it; by default Ctrl-C does
 * @returns the exit code of the last run that ended
 */
export async function watchBundle(
  folder: string,
  run: (signal: AbortSignal) => Promise<ExitCode | undefined> | ExitCode,
  signal = interrupted(),
): Promise<ExitCode> {
  let code: ExitCode = EXIT.failed;
  let stamps = stampsOf(folder);
  for (;;) {
    code = (await reported(() => run(signal))) ?? code;
    if (!signal.aborted) printNote(`watching ${folder}; Ctrl-C ends`);
    const next = await nextChange(folder, stamps, signal);
    if (next === undefined) return code;
    printNote(`\n${changeText(stamps, next)}`);
    stamps = next;
  }
}

function interrupted(): AbortSignal {
  const stop = new AbortController();
  void stopSignal().then(() => stop.abort());
  return stop.signal;
}

async function reported(run: () => Promise<ExitCode | undefined> | ExitCode): Promise<ExitCode | undefined> {
  try {
    return await run();
  } catch (error) {
    return reportFailure(error);
  }
}

/** Waits until the files differ from what they were, and stay as they are for a moment. Undefined if it was stopped. */
async function nextChange(folder: string, before: Stamps, signal: AbortSignal): Promise<Stamps | undefined> {
  let pause = PAUSE_MS;
  for (let last = before; ; ) {
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return undefined;
    const begun = performance.now();
    const now = stampsOf(folder);
    pause = Math.max(PAUSE_MS, PAUSE_PER_LOOK * (performance.now() - begun));
    if (differing(before, now).length > 0 && differing(last, now).length === 0) return now;
    last = now;
  }
}

function stampsOf(folder: string): Stamps {
  const root = resolve(folder);
  try {
    const { read, unread, environments } = pathsIn(root, undefined);
    const overlays = environments.map((name) => overlayFile(name) as string);
    return new Map([
      ...[...read, ...overlays].map((path) => [path, stampOf(join(root, path))] as const),
      ...unread.map(({ path }) => [path, 'unread'] as const),
    ]);
  } catch (error) {
    // The folder changes while it is looked at, or cannot be read.
    return new Map([[folder, messageOf(error)]]);
  }
}

function stampOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? '' : `${found.mtimeNs} ${found.size} ${found.ino}`;
}

function differing(before: Stamps, now: Stamps): string[] {
  return [...new Set([...before.keys(), ...now.keys()])].filter((path) => before.get(path) !== now.get(path));
}

function changeText(before: Stamps, now: Stamps): string {
  const paths = differing(before, now);
  const more = paths.length - MAX_NAMED;
  const named = paths.slice(0, MAX_NAMED).join(', ');
  return `${new Date().toTimeString().slice(0, 8)} ${named}${more > 0 ? ` and ${more} more` : ''} changed`;
}
