/** The source, time and age of one attribute of an entity, as it was stored. */
export interface FactMeta {
  /** The source; the author of the change if it is not given. */
  readonly source?: string | undefined;
  /** When it was true, in ms since the epoch; the time of storing if it is not given. */
  readonly asOf?: number | undefined;
  /** The time in ms after that for which it may be relied on. */
  readonly maxAge?: number | undefined;
}

/** The rule of a bundle for one attribute of a type. */
export interface FactRule {
  /** For how many milliseconds it may be relied on; for ever when it is not given. */
  readonly maxAge?: number | undefined;
  /** The fetcher that reads it. */
  readonly fetcher?: string | undefined;
}

/** The attributes that are true only for some time, or come from elsewhere, by type and name. */
export class FactRules {
  constructor(private readonly rules: ReadonlyMap<string, ReadonlyMap<string, FactRule>>) {}

  get isEmpty(): boolean {
    return this.rules.size === 0;
  }

  of(type: string): ReadonlyMap<string, FactRule> | undefined {
    return this.rules.get(type);
  }

  /** The shorter of what was said with the attribute and what the bundle says of it. */
  maxAgeOf(type: string, attribute: string, meta: FactMeta | undefined): number {
    return Math.min(meta?.maxAge ?? Infinity, this.rules.get(type)?.get(attribute)?.maxAge ?? Infinity);
  }
}
