import type { LogEntry } from '../../decide/record.js';

/** An entry on its way out. */
export interface ExportedEntry {
  /** Its place in the log. */
  readonly index: number;
  readonly origin: string;
  readonly entry: LogEntry;
}

/** Where entries go. What it has taken is taken; what it fails with is sent again. */
export interface Sink {
  /** So many entries are waited for, at most for so long; 1 and 0 for a sink that takes whatever there is. */
  readonly batch: { readonly entries: number; readonly ms: number };
  send(entries: readonly ExportedEntry[]): Promise<void>;
  close(): Promise<void>;
}

/** How an entry is written, for sinks that take texts. Undefined for a kind of entry that the form has nothing for. */
export type Form = (entry: ExportedEntry) => string | undefined;
