/** A map with a limit that evicts the entry written longest ago. For values that can be recomputed. */
export class BoundedCache<K, V> {
  private readonly entries = new Map<K, V>();
  /** Stands before the oldest entry. A new iterator would step over every entry that was evicted since the map grew last. */
  private oldest: Iterator<K> | undefined;
  /** How often an entry was rewritten or deleted since the last eviction. */
  private rewritten = 0;

  /** @param limit the most entries, at least 1 */
  constructor(private readonly limit: number) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: K): V | undefined {
    return this.entries.get(key);
  }

  has(key: K): boolean {
    return this.entries.has(key);
  }

  set(key: K, value: V): void {
    const before = this.entries.size;
    this.entries.set(key, value);
    // hot: most keys are new.
    if (this.entries.size === before) this.moveToEnd(key, value);
    else if (before >= this.limit) this.evict();
  }

  private moveToEnd(key: K, value: V): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    this.noteRewritten();
  }

  private evict(): void {
    this.oldest ??= this.entries.keys();
    let next = this.oldest.next();
    if (next.done === true) {
      this.oldest = this.entries.keys();
      next = this.oldest.next();
    }
    this.rewritten = 0;
    if (next.done !== true) this.entries.delete(next.value);
  }

  /** An iterator that does not move keeps every table that the map had meanwhile. */
  private noteRewritten(): void {
    this.rewritten += 1;
    if (this.rewritten <= this.limit) return;
    this.rewritten = 0;
    this.oldest = undefined;
  }

  delete(key: K): boolean {
    const had = this.entries.delete(key);
    if (had) this.noteRewritten();
    return had;
  }

  clear(): void {
    this.entries.clear();
    this.oldest = undefined;
    this.rewritten = 0;
  }

  values(): IterableIterator<V> {
    return this.entries.values();
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries[Symbol.iterator]();
  }
}
