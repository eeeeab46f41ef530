import {
  type Entities,
  type Entity,
  type EntityUid,
  type RecordValue,
  type Value,
  WithheldAttributes,
} from '@writ/cedar';
import TinyQueue from 'tinyqueue';
import type { FactMeta, FactRules } from './fact-rules.js';

/** The source of an attribute, and until when it may be relied on. */
export interface FactAge {
  readonly source: string;
  /** Milliseconds since the epoch. */
  readonly asOf: number;
  readonly until: number;
}

/** A fact that a policy asked for and did not get. */
interface WithheldRead {
  readonly entity: EntityUid;
  readonly attribute: string;
}

/** The attributes of one entity that a fetcher read. */
interface FetchedFacts extends EntityUid {
  readonly source: string;
  readonly asOf: number;
  /** In Cedar's JSON; null: there is none. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Known {
  /** Ages of attributes that have one; also of those that are known to be absent. */
  readonly ages: Map<string, FactAge>;
  /** The values that fetchers read; undefined if there is no such value. They replace stored values. */
  readonly fetched: Map<string, Value | undefined>;
  /** The attributes without what was fetched; undefined while nothing is stored. */
  stored: RecordValue | undefined;
  /** When it is looked at next. */
  planned: number;
}

interface Due {
  readonly at: number;
  readonly uid: EntityUid;
}

const NOTHING: RecordValue = new Map();

/**
 * Facts that are true for some time. One that is past its time is withheld from the resident entity itself, so that no policy gets
 * it, by whichever way it reaches the entity; and so is one that should be known and is not.
 */
export class LiveFacts {
  private readonly known = new Map<string, Map<string, Known>>();
  private readonly due = new TinyQueue<Due>([], (a, b) => a.at - b.at);
  private reads: WithheldRead[] = [];
  private latest = -Infinity;

  constructor(
    private readonly entities: () => Entities,
    private readonly rules: FactRules,
  ) {}

  /** The attributes of an entity of which nothing is known; undefined when its type has no such facts. */
  readonly unknown = (uid: EntityUid): RecordValue | undefined => {
    const rules = this.rules.of(uid.type);
    return rules && new WithheldAttributes({ type: uid.type, id: uid.id }, NOTHING, new Set(rules.keys()), this.onRead);
  };

  /** The attributes of a type that there is a rule for. */
  attributesOf(type: string): Pick<ReadonlySet<string>, 'has'> | undefined {
    return this.rules.of(type);
  }

  private readonly onRead = (entity: EntityUid, attribute: string): void => {
    this.reads.push({ entity, attribute });
  };

  /** Returns the facts that were read and withheld since the last call, each once. */
  takeReads(): readonly WithheldRead[] {
    if (this.reads.length === 0) return NO_READS;
    const { reads } = this;
    this.reads = [];
    const seen = new Set<string>();
    return reads.filter(({ entity: { type, id }, attribute }) => {
      const key = JSON.stringify([type, id, attribute]);
      return !seen.has(key) && seen.add(key);
    });
  }

  /** Withholds what is past its time. Called before each decision. */
  expire(now: number): void {
    if (now > this.latest) this.latest = now;
    for (let next = this.due.peek(); next !== undefined && next.at <= now; next = this.due.peek()) {
      this.due.pop();
      const known = this.find(next.uid);
      // It is looked at later too, or it is gone.
      if (known === undefined || known.planned !== next.at) continue;
      known.planned = Infinity;
      if (known.stored === undefined && isOver(known, this.latest)) this.drop(next.uid);
      else {
        this.show(next.uid);
        this.plan(next.uid, known);
      }
    }
  }

  /** An entity was stored, with what was said of its attributes. */
  stored(
    uid: EntityUid,
    attributes: RecordValue,
    at: number,
    by: string,
    meta: Readonly<Record<string, FactMeta>>,
  ): void {
    const rules = this.rules.of(uid.type);
    const said = Object.keys(meta);
    const before = this.find(uid);
    if (rules === undefined && said.length === 0 && before === undefined) return;
    const known: Known = {
      ages: new Map(),
      fetched: before?.fetched ?? new Map<string, Value | undefined>(),
      stored: attributes,
      planned: before?.planned ?? Infinity,
    };
    for (const name of new Set([...(rules?.keys() ?? []), ...said])) {
      if (known.fetched.has(name)) {
        const age = before?.ages.get(name);
        if (age !== undefined) known.ages.set(name, age);
      } else if (attributes.has(name)) {
        const { source = by, asOf = at } = meta[name] ?? {};
        known.ages.set(name, { source, asOf, until: asOf + this.rules.maxAgeOf(uid.type, name, meta[name]) });
      }
    }
    this.set(uid, known);
    this.plan(uid, known);
    this.show(uid);
  }

  /** An entity of the bundle: what it says is code, and has no age. */
  bundled(uid: EntityUid, attributes: RecordValue): void {
    const rules = this.rules.of(uid.type);
    if (rules === undefined) return;
    const stated = [...rules.keys()].filter((name) => attributes.has(name));
    const ages = new Map(stated.map((name) => [name, { source: 'bundle', asOf: 0, until: Infinity }]));
    this.set(uid, { ages, fetched: new Map(), stored: attributes, planned: Infinity });
    this.show(uid);
  }

  /** The stored entity is gone; what was fetched of it stays. */
  removed(uid: EntityUid): void {
    const known = this.find(uid);
    if (known === undefined) return;
    known.stored = undefined;
    for (const name of [...known.ages.keys()]) if (!known.fetched.has(name)) known.ages.delete(name);
    if (known.fetched.size === 0) this.known.get(uid.type)?.delete(uid.id);
    else this.show(uid);
  }

  /** Nothing that may be relied on is left of what was fetched, and nothing else is known: it takes no room. */
  private drop(uid: EntityUid): void {
    this.known.get(uid.type)?.delete(uid.id);
    this.entities().withoutValues(uid);
  }

  /**
   * Records the values that a fetcher read.
   *
   * @throws {CedarError} if a value is not of its declared type; nothing is recorded then
   */
  fetched({ source, asOf, attributes, type, id }: FetchedFacts): void {
    const uid = { type, id };
    const given = Object.entries(attributes);
    const values = this.entities().values(type, Object.fromEntries(given.filter(([, value]) => value !== null)));
    const resident = this.entities().get(uid);
    const known: Known = this.find(uid) ?? {
      ages: new Map(),
      fetched: new Map(),
      stored: resident?.exists === true ? plain(resident.attributes) : undefined,
      planned: Infinity,
    };
    for (const [name] of given) {
      const value = values.get(name);
      known.fetched.set(name, value);
      known.ages.set(name, { source, asOf, until: asOf + this.rules.maxAgeOf(type, name, undefined) });
    }
    this.set(uid, known);
    this.plan(uid, known);
    // A value that arrived too old is never read.
    if (known.stored === undefined && isOver(known, this.latest)) this.drop(uid);
    else this.show(uid);
  }

  /** Returns the sources of the attributes of an entity that have an age. */
  agesOf(uid: EntityUid): ReadonlyMap<string, FactAge> | undefined {
    return this.find(uid)?.ages;
  }

  /** Whether an attribute is known, or known to be absent, and not past its time. */
  isFresh(uid: EntityUid, attribute: string, now: number): boolean {
    const until = this.find(uid)?.ages.get(attribute)?.until;
    return until !== undefined && until > now;
  }

  /** Puts into the resident entity what may be relied on. */
  private show(uid: EntityUid): void {
    const known = this.find(uid);
    if (known === undefined) return;
    const attributes = attributesOf(known);
    const withheld = new Set<string>();
    for (const name of this.rules.of(uid.type)?.keys() ?? []) {
      // An attribute that has no age is there because nobody else than who stored it is asked.
      if (!known.ages.has(name)) withheld.add(name);
    }
    for (const [name, { until }] of known.ages) if (until <= this.latest) withheld.add(name);
    this.entities().withValues(
      uid,
      withheld.size === 0 ? attributes : new WithheldAttributes(uid, attributes, withheld, this.onRead),
      // A source that says that it knows of none makes nobody known.
      known.stored !== undefined || attributes.size > 0,
    );
  }

  /** Runs once for an entity, however often it is fetched again. */
  private plan({ type, id }: EntityUid, known: Known): void {
    let next = Infinity;
    for (const { until } of known.ages.values()) if (until > this.latest && until < next) next = until;
    if (next >= known.planned) return;
    known.planned = next;
    this.due.push({ at: next, uid: { type, id } });
  }

  private find({ type, id }: EntityUid): Known | undefined {
    return this.known.get(type)?.get(id);
  }

  private set({ type, id }: EntityUid, known: Known): void {
    const ids = this.known.get(type) ?? new Map<string, Known>();
    this.known.set(type, ids.set(id, known));
  }
}

function isOver({ ages }: Known, now: number): boolean {
  for (const { until } of ages.values()) if (until > now) return false;
  return true;
}

function attributesOf({ stored = NOTHING, fetched }: Known): RecordValue {
  if (fetched.size === 0) return stored;
  const attributes = new Map(stored);
  for (const [name, value] of fetched) {
    if (value === undefined) attributes.delete(name);
    else attributes.set(name, value);
  }
  return attributes;
}

const NO_READS: readonly WithheldRead[] = [];

function plain(attributes: RecordValue): RecordValue {
  return attributes instanceof WithheldAttributes ? new Map(attributes) : attributes;
}

/** Returns the attributes of an entity that are withheld now. */
export function withheldOf(entity: Entity): ReadonlySet<string> | undefined {
  return entity.attributes instanceof WithheldAttributes ? entity.attributes.withheld : undefined;
}
