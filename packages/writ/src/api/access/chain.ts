import type { AccessTask } from '../../access/access-task.js';
import { explain } from '../../audit/explain/explain.js';
import { timelineOf } from '../../audit/explain/timeline.js';
import type { LogReader } from '../../audit/log/log-reader.js';
import type { DecisionSearch } from '../../audit/search/decision-search.js';

export interface ChainParts {
  readonly reader: LogReader;
  readonly search: DecisionSearch;
}

/** Explains each denial of a request to the person who decides on it: who asked, for whom, after what, why it was stopped. */
export async function chainOf({ items }: AccessTask, { reader, search }: ChainParts): Promise<string[]> {
  const chain: string[] = [];
  for (const { decision } of items) {
    const found = await reader.find(decision);
    if (found !== undefined) chain.push(explain(found, await timelineOf(found.decision, reader, search)));
  }
  return chain;
}
