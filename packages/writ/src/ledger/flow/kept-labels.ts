import type { TaskKey } from '../../lib/ids.js';
import { Accounts } from '../accumulators/accounts.js';
import { TEXTS } from '../accumulators/amounts.js';
import { checkSetRoom, MAX_SET_VALUES, SetAccount } from '../accumulators/set-account.js';
import { windowOf } from '../accumulators/window.js';
import type { EventData, LedgerEvent, StorePlaces } from '../event.js';
import type { Holding, Removal } from '../holding.js';
import { hasAllOf } from './labels.js';
import { LineageLabels } from './lineage-labels.js';
import { withinRoom } from './reader-room.js';
import { isReaderLabel, plainLabels } from './readers.js';
import { everyLabel, type StoredLabels, type StoredName, type StoredThing } from './stored-labels.js';
import { type LabelKey, type NamedItem, type StoreItem, Stores } from './stores.js';

/** A bundle cannot give an accumulator such a name. */
const [TASK, STORES] = ['$task', '$stores'];
/** The most things of a store whose records are looked for in an answer; with more, all labels are on all of it. */
const MAX_THINGS = 2_000;
/** How often a full store is searched for things without labels. */
const SEARCH_MS = 60_000;

/** A label of a task, or of a thing in a store. */
export interface KeptLabel {
  readonly label: string;
  /** The holdings that it is of. */
  readonly accumulator: string;
  readonly key: string;
  /** The thing in the store that has it; undefined of a task. */
  readonly on: string | undefined;
  /** Whether the thing itself has it, its name, a folder that it is in, or something in it. */
  readonly how: 'itself' | 'name' | 'folder' | 'inside';
  /** When it ends; undefined for never. */
  readonly until: Date | undefined;
}

/** The labels of what tasks have read and of what stores keep: in every ledger, whatever a bundle declares. */
export class KeptLabels {
  readonly lineages = new LineageLabels();
  private readonly stores = new Stores();
  private readonly ofTasks = new Accounts({ ...labelsBy(TASK, 'task'), account: () => new SetAccount(1) });
  private readonly ofStores = new Accounts({
    ...labelsBy(STORES, 'store'),
    account: (key: string) => {
      this.stores.note(key);
      return new SetAccount(1);
    },
  });
  private searchedAt = Number.NEGATIVE_INFINITY;
  /** The accounts by the name that holdings have. */
  readonly accounts: ReadonlyMap<string, Accounts<readonly string[], SetAccount>> = new Map([
    [TASK, this.ofTasks],
    [STORES, this.ofStores],
    [this.lineages.name, this.lineages.accounts],
  ]);

  /** Returns the labels of everything that a task has read, or may have read. */
  ofTask(task: TaskKey, now: Date): readonly string[] {
    return this.ofTasks.find(task)?.valuesAt(now.getTime()) ?? [];
  }

  /** Returns the labels of everything that a value in a task can be made of: of what the task has read, and others of its lineage. */
  within(task: TaskKey, lineage: string, now: Date): readonly string[] {
    const own = this.ofTask(task, now);
    const all = this.lineages.of(lineage, now);
    if (hasAllOf(all, own)) return all;
    return [...new Set([...own, ...all])].sort();
  }

  /** Returns the labels of what a task has read and, without a token, of what earlier tasks of its name have. */
  ofWork(task: TaskKey, lineage: string, taskName: string | undefined, now: Date): readonly string[] {
    const own = this.ofTask(task, now);
    const named = taskName === undefined ? own : this.lineages.ofName(lineage, taskName, now);
    return named.every((label) => own.includes(label)) ? own : [...new Set([...own, ...named])].sort();
  }

  /** Returns the labels of a thing in a store, of its folders and of what is in it; of the whole store without `item`. */
  ofStore(item: StoreItem, now: Date): readonly string[] {
    const { own, above, below } = this.stores.find(item);
    return this.labelsOf(keysOf([...above, ...own, ...below].filter(isOfContent)), now);
  }

  /** Returns the labels of what a call reads in a store, with the things that its answer can have records of. */
  storedIn({ store, items, members }: StorePlaces, now: Date): StoredLabels {
    const found =
      items.length === 0 ? [this.stores.find({ store })] : items.map((item) => this.stores.find({ store, item }));
    // Of several things that a call names, each may have a record of its own in the answer.
    const isOne = found.length === 1;
    const ofAll = found.flatMap(({ above, own }) => (isOne ? [...above, ...own] : above)).filter(isOfContent);
    const inAnswer = found.flatMap(({ own, below }) => (isOne ? below : [...own, ...below])).filter(isOfContent);
    // In the whole store, the other name of an alias is also found. In a folder it may not be.
    const things = items.length === 0 ? inAnswer : inAnswer.map(asOnlyName);
    const labels: StoredLabels = {
      ...{ store, members },
      all: this.labelsOf(keysOf(ofAll), now),
      names: found.flatMap(({ above, own, below }) => [
        ...[...above, ...own].flatMap((one) => this.nameOf(one, items.length > 0, now)),
        ...below.flatMap((one) => this.nameOf(one, false, now)),
      ]),
      things: things.flatMap((one) => this.thingOf(one, now)),
    };
    if (labels.things.length + labels.names.length <= MAX_THINGS) return labels;
    return { store, members, all: everyLabel(labels), names: [], things: [] };
  }

  private nameOf({ key, parts, isOfName }: LabelKey, isAsked: boolean, now: Date): StoredName[] {
    const labels = isOfName ? this.labelsOf([key], now) : [];
    return labels.length === 0 ? [] : [{ name: parts.at(-1) ?? '', labels, isAsked }];
  }

  private thingOf({ key, parts, member, isAlias }: LabelKey, now: Date): StoredThing[] {
    const labels = this.labelsOf([key], now);
    return labels.length === 0 ? [] : [{ parts, member, labels, isAlias }];
  }

  private labelsOf(keys: readonly string[], now: Date): readonly string[] {
    if (keys.length === 0) return NO_LABELS;
    return [...new Set(keys.flatMap((key) => this.ofStores.find(key)?.valuesAt(now.getTime()) ?? []))].sort();
  }

  /** Returns each label of a task. */
  listTask(task: TaskKey, now: Date): KeptLabel[] {
    return this.listed(TASK, task, { on: undefined, how: 'itself' }, now);
  }

  /** Returns each label of a thing in a store, of its folders and of what is in it. */
  listStore(item: StoreItem, now: Date): KeptLabel[] {
    const { own, above, below } = this.stores.find(item);
    const list = (keys: readonly LabelKey[], how: KeptLabel['how']): KeptLabel[] =>
      keys.flatMap(({ key, parts, isOfName }) =>
        this.listed(STORES, key, { on: [item.store, ...parts].join('/'), how: isOfName ? 'name' : how }, now),
      );
    return [...list(own, 'itself'), ...list(above, 'folder'), ...list(below, 'inside')];
  }

  private listed(name: string, key: string, place: Pick<KeptLabel, 'on' | 'how'>, now: Date): KeptLabel[] {
    const ends = this.accounts.get(name)?.find(key)?.endsAt(now.getTime()) ?? [];
    return [...ends].map(([label, until]) => ({
      ...{ label, accumulator: name, key, ...place },
      until: Number.isFinite(until) ? new Date(until) : undefined,
    }));
  }

  /** Returns the keys under which an action labels the things that it writes. */
  keysToWrite(store: string, items: readonly NamedItem[], now: Date): readonly string[] {
    this.makeRoom(store, now.getTime());
    return this.stores.keysToWrite(store, items);
  }

  /** Returns the keys under which an action labels the names that it chose. */
  keysToName(store: string, items: readonly NamedItem[]): readonly string[] {
    return this.stores.keysToName(store, items);
  }

  /** Forgets the things of a full store that have no labels any more. */
  private makeRoom(store: string, now: number): void {
    if (!this.stores.isFull(store) || now - this.searchedAt < SEARCH_MS) return;
    this.searchedAt = now;
    this.stores.forget(this.ofStores.closeEmpty(now));
  }

  /** Returns what a permit of this event holds of the labels. @throws {LedgerError} if there is no room */
  holdingsOf(event: LedgerEvent, at: number): Holding[] {
    const { data, keys } = event;
    const { task } = keys;
    if (data === undefined) return [];
    const holdings = this.holdingsInStores(data, at);
    if (event.labels.length === 0) return holdings;
    const labels = withinRoom(event.labels, this.ofTasks.find(task), at);
    checkSetRoom(TASK, this.ofTasks.find(task) ?? EMPTY, labels, at, MAX_SET_VALUES);
    const ofTask = this.ofTasks.hold(task, labels, at, event.taskName !== undefined);
    return [ofTask, this.lineages.hold(event, at), ...holdings];
  }

  private holdingsInStores({ writes, labels, names = [], keepMs }: EventData, at: number): Holding[] {
    const hold = (key: string, added: readonly string[]): Holding =>
      this.ofStores.hold(key, withinRoom(added, this.ofStores.find(key), at), at);
    const holdings = labels.length === 0 ? [] : writes.map((key) => hold(key, labels));
    for (const name of names) if (name.labels.length > 0) holdings.push(hold(name.key, name.labels));
    if (keepMs === undefined) return holdings;
    const until = endOf(at, keepMs);
    return holdings.map((holding) => ({ ...holding, until }));
  }

  /** Returns whether a holding is of the labels of a task. */
  isOfTask({ accumulator }: Holding): boolean {
    return accumulator === TASK || accumulator === this.lineages.name;
  }

  /** Takes labels off a task, and off what it leaves to its lineage. @returns the removals, each of something that was there */
  declassifyTask(task: TaskKey, labels: readonly string[]): Removal[] {
    const { name, accounts } = this.lineages;
    const place = this.lineages.placeOf(task);
    return [
      ...removals(TASK, this.ofTasks, [task], labels),
      ...(place === undefined ? [] : removals(name, accounts, [place.key], labels)),
    ];
  }

  /** Takes labels off a thing in a store and what is in it, not off its folders. @returns the removals, each of something that was there */
  declassifyStore(item: StoreItem, labels: readonly string[]): Removal[] {
    return removals(STORES, this.ofStores, this.stores.keysBelow(item), labels);
  }
}

const EMPTY = new SetAccount(1);
const NO_LABELS: readonly string[] = [];
/** Labels that are kept for a time end together with others of a thousandth of it: a little later, and never earlier. */
const PARTS = 1_000;

function endOf(at: number, keepMs: number): number {
  const part = Math.max(1, Math.floor(keepMs / PARTS));
  return Math.ceil((at + keepMs) / part) * part;
}

/** Returns an alias as a name by which no record is known to be another thing. */
function asOnlyName(key: LabelKey): LabelKey {
  return key.isAlias ? { ...key, member: undefined, isAlias: false } : key;
}

function isOfContent({ isOfName }: LabelKey): boolean {
  return !isOfName;
}

function keysOf(keys: readonly LabelKey[]): readonly string[] {
  return keys.map(({ key }) => key);
}

function labelsBy(name: string, key: string) {
  return { name, fold: `labels by ${key}`, window: windowOf(undefined), amounts: TEXTS };
}

/** Removes values under keys; a label is removed with all its readers. @returns the removals, each of something that was there */
export function removals(
  accumulator: string,
  accounts: Pick<Accounts, 'remove' | 'find'>,
  keys: readonly string[],
  labels: readonly string[],
): Removal[] {
  return keys.flatMap((key) => {
    const account = accounts.find(key);
    const kept = account instanceof SetAccount ? account.valuesAt(Number.NEGATIVE_INFINITY) : NO_LABELS;
    const withReaders = kept.filter((label) => isReaderLabel(label) && isOff(label, labels));
    const values = accounts.remove(key, [...labels, ...withReaders]);
    return values.length === 0 ? [] : [{ accumulator, key, values }];
  });
}

function isOff(label: string, labels: readonly string[]): boolean {
  return plainLabels([label]).some((plain) => labels.includes(plain));
}
