import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { isObject } from '@writ/sdk/lib/is-object';

/** The most that is kept of calls with usual texts, and of calls with long ones: a caller chooses the texts. */
const MAX_CALLS = 1_000;
const MAX_LONG = 16;
/** In UTF-16 units. Facts of a text can keep all of it in memory. */
const LONG = 2_048;

/** Keeps what was made of single calls, whose arguments are programs, within some megabytes. */
export class CallCache<V> {
  private readonly usual = new BoundedCache<string, V>(MAX_CALLS);
  private readonly long = new BoundedCache<string, V>(MAX_LONG);

  /** Returns the same for calls of a tool with the same programs. All that is no text counts as one. */
  static keyOf(tool: string, programs: readonly { readonly argument: string }[], input: unknown): string {
    const given = isObject(input) ? input : {};
    const texts = programs.map(({ argument }) => {
      const value = Object.hasOwn(given, argument) ? (given[argument] ?? null) : null;
      return typeof value === 'string' || value === null ? value : 0;
    });
    return JSON.stringify([tool, ...texts]);
  }

  get(key: string): V | undefined {
    return this.of(key).get(key);
  }

  set(key: string, value: V): void {
    this.of(key).set(key, value);
  }

  private of(key: string): BoundedCache<string, V> {
    return key.length > LONG ? this.long : this.usual;
  }
}
