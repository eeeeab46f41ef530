import { existsSync, type FSWatcher, watch } from 'node:fs';
import { resolve } from 'node:path';
import pc from 'picocolors';
import { messageOf } from '../lib/message-of.js';
import { EXIT, type ExitCode } from './exit.js';
import { printError, printNote } from './output.js';
import { stopSignal } from './stop-signal.js';

/** How long a folder is quiet before work on it is done: editors write a file in several steps, and version control many files. */
const QUIET_MS = 150;

/** Does some work on a folder at once, and again whenever something in it changes, until the process is stopped. */
export async function whileWatched(folder: string, work: () => ExitCode): Promise<ExitCode> {
  // A wrong path is said once; nothing would ever change in it.
  if (!existsSync(folder)) return work();
  // A file that cannot be read in the middle of a change is no reason to end.
  const attempt = (): void => {
    try {
      work();
    } catch (error) {
      printError(messageOf(error));
    }
  };
  const watching = watchFolder(folder, attempt);
  attempt();
  printNote(pc.dim(`watching ${folder}; Ctrl+C ends`));
  await stopSignal();
  watching.close();
  return EXIT.ok;
}

/**
 * Calls back after each change in a folder, once for changes that come together.
 *
 * @throws {Error} if there is no such folder
 */
function watchFolder(folder: string, changed: () => void): Pick<FSWatcher, 'close'> {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(resolve(folder), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(changed, QUIET_MS);
  });
  watcher.on('error', (error) => printError(`the folder cannot be watched any more: ${messageOf(error)}`));
  return {
    close: () => {
      clearTimeout(timer);
      watcher.close();
    },
  };
}
