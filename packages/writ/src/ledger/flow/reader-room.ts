import type { SetAccount } from '../accumulators/set-account.js';
import { isReaderLabel, OWNER_ONLY, partsOfReaderLabel, readerLabel } from './readers.js';

/** The most labels with readers under one key. */
const MAX_READER_LABELS = 64;

/**
 * Returns labels as there is room for them: a task that reads very many records, each with readers of its own, has data that nobody
 * but the owner may read. A task is never stopped because its mails have many readers.
 */
export function withinRoom(labels: readonly string[], account?: SetAccount, at = 0): readonly string[] {
  if (!labels.some(isReaderLabel)) return labels;
  const there = new Set(account?.valuesAt(at).filter(isReaderLabel));
  const added = labels.filter((label) => isReaderLabel(label) && !there.has(label));
  if (there.size + added.length <= MAX_READER_LABELS) return labels;
  const isMore = new Set(added);
  return [...new Set(labels.map((label) => (isMore.has(label) ? forOwner(label) : label)))].sort();
}

function forOwner(label: string): string {
  const confidentiality = partsOfReaderLabel(label)?.confidentiality ?? 'confidential';
  return confidentiality === 'internal' ? readerLabel(confidentiality, OWNER_ONLY) : confidentiality;
}
