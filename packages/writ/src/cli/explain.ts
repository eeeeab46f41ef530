import { join } from 'node:path';
import { explain as explainRecord } from '../audit/explain.js';
import { LogReader } from '../audit/log-reader.js';
import { timelineOf } from '../audit/timeline.js';
import { STORE_FILE } from '../start.js';
import { openStoreToRead } from '../store/store.js';
import { EXIT, type ExitCode } from './exit.js';
import { complain, print, printJson } from './output.js';
import { storeOf } from './start.js';

/** `writ explain`: tells why a decision was made, from its record. */
export async function explain(
  id: string,
  options: { readonly data: string; readonly store?: string; readonly json?: boolean },
): Promise<ExitCode> {
  const store = openStoreToRead(storeOf(options.store) ?? join(options.data, STORE_FILE));
  try {
    const reader = new LogReader(store);
    const recorded = await reader.find(id);
    if (recorded === undefined) {
      complain(`there is no decision ${id} in ${options.data}`);
      return EXIT.notSo;
    }
    const timeline = await timelineOf(recorded.decision, reader);
    if (options.json === true) printJson({ ...recorded, timeline });
    else print(explainRecord(recorded, timeline));
    return EXIT.ok;
  } finally {
    await store.destroy();
  }
}
