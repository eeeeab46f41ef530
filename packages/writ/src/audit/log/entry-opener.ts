import type { LogEntry } from '../../decide/record.js';
import type { Store } from '../../store/store.js';
import type { KeyFinder } from '../protection/person-keys.js';
import { isSealed, opened } from '../protection/sealing.js';
import { attachedTo, checked } from './log-lines.js';
import { LogTiles, NO_CATCH_UP } from './log-tiles.js';

/** An entry about a person who was erased: its kind and its time, and nothing else. */
interface ErasedEntry {
  readonly kind: 'erased';
  readonly id: string;
  readonly time: string;
  readonly was: LogEntry['kind'];
  /** The result, of a decision. */
  readonly result?: string;
}

export type ReadEntry = LogEntry | ErasedEntry;

/** Reads entries from the lines of the log: with their attachments, and with the keys of people. */
export class EntryOpener {
  private readonly tiles: LogTiles;

  constructor(
    store: Store,
    private readonly keys: KeyFinder,
  ) {
    this.tiles = new LogTiles(store, NO_CATCH_UP);
  }

  /** Returns the entries of a group, in order. @throws {LogProofError} if an attachment is missing or was changed */
  async entries(body: string): Promise<ReadEntry[]> {
    const entries: ReadEntry[] = [];
    for (const line of body.split('\n')) {
      const entry = JSON.parse(line) as LogEntry;
      entries.push(attachedTo(entry) !== undefined || isSealed(entry) ? await this.whole(entry) : entry);
    }
    return entries;
  }

  async entry(line: string): Promise<ReadEntry> {
    const [entry] = await this.entries(line);
    return entry as ReadEntry;
  }

  private async whole(line: LogEntry): Promise<ReadEntry> {
    const sha256 = attachedTo(line);
    const entry =
      sha256 === undefined ? line : (JSON.parse(checked(sha256, await this.tiles.attachment(sha256))) as LogEntry);
    if (!isSealed(entry)) return entry;
    const { kind: was, id, time, result } = entry;
    const text = await opened(entry, (keyId) => this.keys.find(keyId));
    if (text !== undefined) return JSON.parse(text) as LogEntry;
    return { kind: 'erased', id, time, was, ...(result === undefined ? {} : { result }) };
  }
}
