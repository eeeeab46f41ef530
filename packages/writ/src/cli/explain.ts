import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { explain as explainRecord } from '../audit/explain/explain.js';
import { timelineOf } from '../audit/explain/timeline.js';
import { LogReader } from '../audit/log/log-reader.js';
import { NO_CATCH_UP } from '../audit/log/log-tiles.js';
import { DecisionSearch } from '../audit/search/decision-search.js';
import type { DecisionRecord } from '../decide/record.js';
import { LAST_GOOD_FILE } from '../store/files.js';
import { EXIT, type ExitCode } from './exit.js';
import type { Account } from './explain-account.js';
import { print, printError, printJson } from './output.js';
import { personKeysOf, type SealedFlags } from './person-keys-of.js';
import { storeToRead } from './store-to-read.js';

export interface ExplainFlags extends SealedFlags {
  /** Folder of the bundle whose policies are examined; the default is the one served last. */
  readonly bundle?: string;
  readonly json?: boolean;
  /** Whether to show all earlier calls of the task, and all of long conditions. */
  readonly all?: boolean;
}

/** The most earlier calls of the task that fit a screen. */
const MAX_CALLS = 8;

/** `writ explain`: explains a decision from its record. */
export async function explain(id: string, options: ExplainFlags): Promise<ExitCode> {
  const store = await storeToRead(options);
  try {
    const keys = personKeysOf(store, options);
    const reader = new LogReader(store, keys, NO_CATCH_UP);
    const recorded = await reader.find(id);
    if (recorded === undefined) {
      const entry = await reader.entry(id);
      const where = options.store === undefined ? options.data : 'that store';
      printError(
        entry?.kind === 'erased'
          ? `the decision ${id} of ${entry.time} is about somebody who was erased: nothing else of it can be read`
          : `there is no decision ${id} in ${where}`,
      );
      return EXIT.failed;
    }
    const timeline = await timelineOf(
      recorded.decision,
      reader,
      new DecisionSearch(store, () => undefined, keys, NO_CATCH_UP),
    );
    const account = await accountFor(recorded.decision, options);
    if (options.json === true) printJson({ ...recorded, timeline, alternatives: account?.alternatives });
    else print(explainRecord(recorded, timeline, account?.lines, options.all === true ? undefined : MAX_CALLS));
    return EXIT.ok;
  } finally {
    await store.destroy();
  }
}

/** Evaluates the decision on a bundle, if there is one. The engine, and the reader of bundles, are loaded only then. */
async function accountFor(decision: DecisionRecord, { bundle, data, all }: ExplainFlags): Promise<Account | undefined> {
  if (bundle === undefined && !existsSync(join(data, LAST_GOOD_FILE))) return undefined;
  const { accountOn } = await import('./explain-account.js');
  return accountOn(decision, bundle, data, all === true);
}
