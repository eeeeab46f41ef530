import { join } from 'node:path';
import { explain as explainRecord } from '../audit/explain.js';
import { LogReader } from '../audit/log-reader.js';
import { PersonKeys } from '../audit/protection/person-keys.js';
import { DecisionSearch } from '../audit/search/decision-search.js';
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
    const keys = await PersonKeys.open(store);
    const reader = new LogReader(store, keys);
    const recorded = await reader.find(id);
    if (recorded === undefined) {
      const entry = await reader.entry(id);
      const where = options.store === undefined ? options.data : 'that store';
      complain(
        entry?.kind === 'erased'
          ? `the decision ${id} of ${entry.time} is about somebody who was erased: nothing else of it can be read`
          : `there is no decision ${id} in ${where}`,
      );
      return EXIT.notSo;
    }
    const timeline = await timelineOf(recorded.decision, reader, new DecisionSearch(store, () => undefined, keys));
    if (options.json === true) printJson({ ...recorded, timeline });
    else print(explainRecord(recorded, timeline));
    return EXIT.ok;
  } finally {
    await store.destroy();
  }
}
