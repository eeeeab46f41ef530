import type { LogEntry } from '../../decide/record.js';

/** An entry to export. */
export interface ExportedEntry {
  /** Its place in the log. */
  readonly index: number;
  readonly origin: string;
  readonly entry: LogEntry;
}

/** A receiver of entries. A batch counts as sent when `send` resolves; a batch that fails is sent again. */
export interface Sink {
  /** The number of entries to wait for, and the longest wait in ms; 1 and 0 to send whatever there is. */
  readonly batch: { readonly entries: number; readonly ms: number };
  send(entries: readonly ExportedEntry[]): Promise<void>;
  close(): Promise<void>;
}

/** Writes an entry as text; undefined for a kind of entry that the form leaves out. */
export type Form = (entry: ExportedEntry) => string | undefined;
