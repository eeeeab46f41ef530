/** What is said of one attribute of an entity when it is stored. */
export interface FactMeta {
  /** Where it was learned from; who stored it when it is not given. */
  readonly source?: string | undefined;
  /** When it was true, in milliseconds since the epoch; when it was stored when it is not given. */
  readonly asOf?: number | undefined;
  /** For how many milliseconds after that it may be relied on. */
  readonly maxAge?: number | undefined;
}

/** What a bundle says of one attribute of a type. */
export interface FactRule {
  /** For how many milliseconds it may be relied on; for ever when it is not given. */
  readonly maxAge?: number | undefined;
  /** The fetcher that brings it. */
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
