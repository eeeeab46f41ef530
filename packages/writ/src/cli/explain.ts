import { explain as explainRecord } from '../audit/explain/explain.js';
import { timelineOf } from '../audit/explain/timeline.js';
import { LogReader } from '../audit/log/log-reader.js';
import { PersonKeys } from '../audit/protection/person-keys.js';
import { DecisionSearch } from '../audit/search/decision-search.js';
import { type Bundle, loadBundle, readBundleFrom } from '../bundle/bundle.js';
import { verifiedBundle } from '../bundle/check/check.js';
import { lastGood } from '../bundle/last-good.js';
import { accountLines, accountOf } from '../decide/replay/explanation.js';
import { EXIT, type ExitCode } from './exit.js';
import { complain, print, printJson } from './output.js';
import { type StoreFlags, storeToRead } from './store-to-read.js';

export interface ExplainFlags extends StoreFlags {
  /** The bundle whose policies are looked into; the one that was served last when it is not given. */
  readonly bundle?: string;
  readonly json?: boolean;
}

/** `writ explain`: tells why a decision was made, from its record. */
export async function explain(id: string, options: ExplainFlags): Promise<ExitCode> {
  const store = await storeToRead(options);
  try {
    const keys = PersonKeys.beside(store);
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
    const bundle = bundleFor(options);
    const account = bundle && accountOf(recorded.decision, bundle);
    if (options.json === true) printJson({ ...recorded, timeline, alternatives: account?.alternatives });
    else print(explainRecord(recorded, timeline, account && accountLines(recorded.decision, account)));
    return EXIT.ok;
  } finally {
    await store.destroy();
  }
}

function bundleFor({ bundle, data }: ExplainFlags): Bundle | undefined {
  if (bundle !== undefined) return loadBundle(bundle);
  const kept = lastGood(data);
  return kept && verifiedBundle(readBundleFrom(kept));
}
