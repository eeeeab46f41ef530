import type { Store } from '../store/store.js';
import type { EndOfKey } from './credential-rows.js';
import type { HeldKeys } from './held-keys.js';
import type { RecordedKey, RecordKey } from './recorded-key.js';

/** A key with its end. */
export interface EndingKey extends RecordedKey {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly why: EndOfKey;
  readonly reason?: string | undefined;
}

interface KeyEndsParts {
  readonly held: HeldKeys;
  readonly record: RecordKey;
  /** Writes changes of keys so that the services on the same database follow them. */
  readonly write: WriteKeys;
  /** Makes the ends that are in memory count. */
  readonly onEnd: () => void;
}

/** Writes a change of keys. @param hashes of the keys that it is about */
export type WriteKeys = (
  by: string,
  hashes: readonly string[],
  make: (tables: Store) => Promise<void>,
) => Promise<void>;

interface Unkept extends EndingKey {
  readonly by: string;
  isRecorded: boolean;
}

const SOON_MS = 1_500;
const AGAIN_MS = 1_000;

/**
 * Ends keys. An end is in force at once; it is recorded and stored as soon as that can be, also if the disk or the database is gone for
 * a while. A process that ends before has not ended the key.
 */
export class KeyEnds {
  private readonly unkept = new Map<string, Unkept>();
  private timer: NodeJS.Timeout | undefined;
  private keeping: Promise<void> = Promise.resolve();

  constructor(private readonly parts: KeyEndsParts) {}

  /** Ends keys. @returns whether all of it is on the record and on disk in time for an answer */
  async end(ending: readonly EndingKey[], by: string): Promise<boolean> {
    if (ending.length === 0) return true;
    for (const key of ending) {
      this.parts.held.end(key.hash, key);
      this.unkept.set(key.hash, { ...key, by, isRecorded: false });
    }
    this.parts.onEnd();
    this.keeping = this.keeping.then(() => this.keep());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SOON_MS);
    });
    await Promise.race([this.keeping, late]);
    clearTimeout(timer);
    return ending.every(({ hash }) => !this.unkept.has(hash));
  }

  private async keep(): Promise<void> {
    const { held, record, write } = this.parts;
    try {
      for (const end of [...this.unkept.values()]) {
        const { hash, kind, name, at: endsAt, why, reason, by } = end;
        if (!end.isRecorded) {
          const said = reason === undefined ? {} : { reason };
          await record('credentials.end', { kind, name, hash, endsAt, why, ...said }, by);
          end.isRecorded = true;
        }
        await write(by, [hash], (tables) => held.saveEnd(hash, end, tables));
        if (this.unkept.get(hash) === end) this.unkept.delete(hash);
      }
    } catch {
      // The next turn tries again.
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.keeping = this.keeping.then(() => this.keep());
      }, AGAIN_MS).unref();
    }
  }
}
