import { isType, partsAsJoined, partsBeforePattern, partsOf } from './store-names.js';

/** A thing in a store; without `item`, all of it. */
export interface StoreItem {
  readonly store: string;
  readonly item?: string | undefined;
}

/** A thing that is written, by one of its names. */
export interface NamedItem {
  readonly item: string;
  /**
   * The member that records of the store have this name in ({@link memberForm}). Undefined if it is not known: then no record is known
   * to be another thing.
   */
  readonly member?: string | undefined;
  /** Whether the thing also has another name, by which its record is found in a list. */
  readonly isAlias?: boolean | undefined;
}

/** A key under which labels are kept. */
export interface LabelKey {
  readonly key: string;
  readonly parts: readonly string[];
  readonly member: string | undefined;
  readonly isAlias: boolean;
  /** Whether its labels are of the name alone, which somebody chose, and not of the content. */
  readonly isOfName: boolean;
}

/** The keys of the labels of a thing. */
interface FoundKeys {
  /** Of the thing itself. */
  readonly own: readonly LabelKey[];
  /** Of its folders. */
  readonly above: readonly LabelKey[];
  /** Of what is in it. */
  readonly below: readonly LabelKey[];
}

/** Returns a thing in a store as a policy names it: `note/todo.md`, however its path was written. */
export function placeOf({ store, item }: StoreItem): string {
  return item === undefined ? store : [store, ...partsOf(item)].join('/');
}

/** The most keys of one store; another thing is labelled as the whole store. */
const MAX_KEYS = 10_000;

/** A folder of a store or a thing in it. */
class Place {
  readonly inside = new Map<string, Place>();
  /** There is more than one if it was labelled by several names, or before its spellings were one. */
  readonly keys = new Map<string, LabelKey>();

  /** Yields the keys of everything inside, without the types of entities that a caller leaves out. */
  *below(withTypes = true): Generator<LabelKey> {
    for (const [part, place] of this.inside) {
      if (!withTypes && isType(part)) continue;
      yield* place.keys.values();
      yield* place.below();
    }
  }
}

/** The things of stores that have labels: a thing has those of its folders, and a folder those of what is in it. */
export class Stores {
  private readonly roots = new Map<string, { readonly root: Place; readonly keys: Set<string> }>();

  /** Records that a key has labels. */
  note(key: string): void {
    const read = JSON.parse(key) as readonly string[];
    const [store = '', item, member, kind = ''] = read;
    const kept = this.roots.get(store) ?? { root: new Place(), keys: new Set<string>() };
    this.roots.set(store, kept);
    // As it was made; a key from before may have been made of another spelling.
    for (const parts of item === undefined ? [[]] : [partsAsJoined(item), partsOf(item)]) {
      let place = kept.root;
      for (const part of parts) {
        const next = place.inside.get(part) ?? new Place();
        place.inside.set(part, next);
        place = next;
      }
      place.keys.set(key, {
        key,
        parts,
        member: member || undefined,
        isAlias: kind === ALIAS,
        isOfName: kind === NAME,
      });
    }
    kept.keys.add(key);
  }

  /** Returns the keys of a thing, of its folders, and of what is in it. */
  find({ store, item }: StoreItem): FoundKeys {
    const root = this.roots.get(store)?.root;
    const parts = item === undefined ? [] : partsOf(item);
    const named = partsBeforePattern(parts) ?? parts;
    const [own, above, below]: [LabelKey[], LabelKey[], LabelKey[]] = [[], [], []];
    for (const way of waysTo(root, named)) {
      let place = root;
      for (const part of way) {
        if (place === undefined) break;
        above.push(...place.keys.values());
        place = place.inside.get(part);
      }
      if (place === undefined) continue;
      own.push(...place.keys.values());
      // Names without a type are looked for under each type on a way of its own.
      below.push(...place.below(place !== root || named.length === 0));
    }
    return { own: different(own), above: different(above), below: different(below) };
  }

  /** Returns the keys of the labels of a thing: its own, those of its folders, and those of what is in it. */
  keysFor(item: StoreItem): readonly string[] {
    const { own, above, below } = this.find(item);
    return [...above, ...own, ...below].map(({ key }) => key);
  }

  /** Returns the keys of the labels of a thing and of what is in it, without those of its folders. */
  keysBelow(item: StoreItem): readonly string[] {
    const { own, below } = this.find(item);
    return [...own, ...below].map(({ key }) => key);
  }

  /** Returns the keys under which an action labels the things that it writes. A pattern labels the folder that it is in. */
  keysToWrite(store: string, items: readonly NamedItem[]): string[] {
    if (items.length === 0 || this.isFull(store)) return [keyOf(store, [])];
    return [...new Set(items.map((item) => keyOf(store, placeIn(item), item.member, item.isAlias ? ALIAS : '')))];
  }

  /** Returns the keys under which an action labels the names that it chose, in addition to the content. */
  keysToName(store: string, items: readonly NamedItem[]): string[] {
    if (this.isFull(store)) return [keyOf(store, [], undefined, NAME)];
    return [...new Set(items.map((item) => keyOf(store, placeIn(item), item.member, NAME)))];
  }

  /** Returns whether a store has no room for another key. */
  isFull(store: string): boolean {
    return (this.roots.get(store)?.keys.size ?? 0) >= MAX_KEYS;
  }

  /** Forgets keys that have no labels. */
  forget(keys: readonly string[]): void {
    const gone = new Set(keys);
    const prune = (place: Place): boolean => {
      for (const key of place.keys.keys()) if (gone.has(key)) place.keys.delete(key);
      for (const [part, inside] of place.inside) if (prune(inside)) place.inside.delete(part);
      return place.keys.size === 0 && place.inside.size === 0;
    };
    for (const [store, { root, keys: kept }] of this.roots) {
      for (const key of kept) if (gone.has(key)) kept.delete(key);
      if (prune(root)) this.roots.delete(store);
    }
  }
}

const [ALIAS, NAME] = ['alias', 'name'] as const;

function placeIn({ item }: NamedItem): readonly string[] {
  const parts = partsOf(item);
  return partsBeforePattern(parts) ?? parts;
}

/** Returns the ways to a name: an entity has its type before it or not, and a name without a type is of any type. */
function waysTo(root: Place | undefined, parts: readonly string[]): readonly (readonly string[])[] {
  const [first] = parts;
  if (root === undefined || first === undefined) return [parts];
  if (isType(first)) return [parts, parts.slice(1)];
  return [parts, ...[...root.inside.keys()].filter(isType).map((type) => [type, ...parts])];
}

function different(keys: readonly LabelKey[]): readonly LabelKey[] {
  if (keys.length < 2) return keys;
  return [...new Map(keys.map((one) => [one.key, one])).values()];
}

/** A key has as little in it as it needs: those from before names had a member stay as they are. */
function keyOf(store: string, parts: readonly string[], member?: string, kind = ''): string {
  if (parts.length === 0 && kind !== NAME) return JSON.stringify([store]);
  const all = [store, parts.join('/'), member ?? '', kind];
  while (all.length > 2 && all.at(-1) === '') all.pop();
  return JSON.stringify(all);
}
