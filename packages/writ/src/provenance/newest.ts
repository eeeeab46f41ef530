/** What was learned last, by a key, up to a number: past it the oldest is forgotten. For what can be found out again. */
export class Newest<V> {
  private readonly known = new Map<string, V>();

  constructor(private readonly most: number) {}

  get(key: string): V | undefined {
    return this.known.get(key);
  }

  set(key: string, value: V): void {
    this.known.delete(key);
    const [oldest] = this.known.size >= this.most ? this.known.keys() : [];
    if (oldest !== undefined) this.known.delete(oldest);
    this.known.set(key, value);
  }
}
