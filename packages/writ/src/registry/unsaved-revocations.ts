import type { Revocation } from './revocation.js';

/** How long an answer waits for the disk. */
const SAVE_MS = 1_500;
const AGAIN_MS = 1_000;

interface Unsaved {
  readonly revocation: Revocation;
  isSaving: boolean;
}

/** The most revocations that wait for the disk: past it, a further one is refused. Nothing is permitted while the disk takes nothing. */
const MAX_UNSAVED = 100_000;

/**
 * Revocations that are in force and not on disk yet. They are written again, one after the other, until they are there, or are lifted.
 */
export class UnsavedRevocations {
  /** By the key of what they are about. */
  private readonly unsaved = new Map<string, Unsaved>();
  private timer: NodeJS.Timeout | undefined;

  /** @param save writes a revocation; rejects if it cannot */
  constructor(
    private readonly save: (revocation: Revocation) => Promise<void>,
    private readonly limit = MAX_UNSAVED,
  ) {}

  get isFull(): boolean {
    return this.unsaved.size >= this.limit;
  }

  [Symbol.iterator](): Iterator<[string, Revocation]> {
    return [...this.unsaved].map(([key, { revocation }]): [string, Revocation] => [key, revocation])[Symbol.iterator]();
  }

  has(key: string, { id }: Revocation): boolean {
    return this.unsaved.get(key)?.revocation.id === id;
  }

  /** Writes a revocation. @returns whether it is on disk in time; if not, it is written as soon as it can be */
  async add(key: string, revocation: Revocation): Promise<boolean> {
    this.unsaved.set(key, { revocation, isSaving: false });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), SAVE_MS);
    });
    const isSaved = await Promise.race([this.try(key), late]);
    clearTimeout(timer);
    return isSaved;
  }

  /** Forgets a revocation that is lifted. @returns a function that takes it back */
  forget(key: string): () => void {
    const one = this.unsaved.get(key);
    this.unsaved.delete(key);
    return () => {
      if (one !== undefined && !this.unsaved.has(key)) {
        this.unsaved.set(key, one);
        this.later();
      }
    };
  }

  private async try(key: string): Promise<boolean> {
    const one = this.unsaved.get(key);
    if (one === undefined) return true;
    if (one.isSaving) return false;
    one.isSaving = true;
    try {
      await this.save(one.revocation);
      if (this.unsaved.get(key) === one) this.unsaved.delete(key);
      return true;
    } catch {
      this.later();
      return false;
    } finally {
      one.isSaving = false;
    }
  }

  private later(): void {
    this.timer ??= setTimeout(() => void this.drain(), AGAIN_MS).unref();
  }

  /** Writes those that wait, up to the first that cannot be written. */
  private async drain(): Promise<void> {
    for (const [key, { isSaving }] of this.unsaved) if (!isSaving && !(await this.try(key))) break;
    this.timer = undefined;
    if (this.unsaved.size > 0) this.later();
  }
}
