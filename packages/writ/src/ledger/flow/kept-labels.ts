import type { TaskKey } from '../../lib/ids.js';
import { Accounts } from '../accumulators/accounts.js';
import { TEXTS } from '../accumulators/amounts.js';
import { checkSetRoom, MAX_SET_VALUES, SetAccount } from '../accumulators/set-account.js';
import { windowOf } from '../accumulators/window.js';
import type { LedgerEvent } from '../event.js';
import type { Holding, Removal } from '../holding.js';
import { type StoreItem, Stores } from './stores.js';

/** A bundle cannot give an accumulator such a name. */
const [TASK, STORES] = ['$task', '$stores'];

/** The labels of what tasks have read and of what stores keep: in every ledger, whatever a bundle declares. */
export class KeptLabels {
  private readonly stores = new Stores();
  private readonly ofTasks = new Accounts({ ...labelsBy(TASK, 'task'), account: () => new SetAccount(1) });
  private readonly ofStores = new Accounts({
    ...labelsBy(STORES, 'store'),
    account: (key: string) => {
      this.stores.note(key);
      return new SetAccount(1);
    },
  });
  /** The accounts by the name that holdings have. */
  readonly accounts: ReadonlyMap<string, Accounts<readonly string[], SetAccount>> = new Map([
    [TASK, this.ofTasks],
    [STORES, this.ofStores],
  ]);

  /** Returns the labels of everything that a task has read, or may have read. */
  ofTask(task: TaskKey, now: Date): readonly string[] {
    return this.ofTasks.find(task)?.valuesAt(now.getTime()) ?? [];
  }

  /** Returns the labels of a thing in a store and of what is not known apart there; of the whole store without `item`. */
  ofStore(item: StoreItem, now: Date): readonly string[] {
    const keys = this.stores.keysFor(item);
    return [...new Set(keys.flatMap((key) => this.ofStores.find(key)?.valuesAt(now.getTime()) ?? []))].sort();
  }

  /** Returns the keys under which an action labels the things that it writes. */
  keysToWrite(store: string, items: readonly string[]): readonly string[] {
    return this.stores.keysToWrite(store, items);
  }

  /** Returns what a permit of this event holds of the labels. @throws {LedgerError} if there is no room */
  holdingsOf({ keys: { task }, labels, data }: LedgerEvent, at: number): Holding[] {
    if (data === undefined) return [];
    const holdings = data.labels.length === 0 ? [] : data.writes.map((key) => this.ofStores.hold(key, data.labels, at));
    if (labels.length === 0) return holdings;
    checkSetRoom(TASK, this.ofTasks.find(task) ?? EMPTY, labels, at, MAX_SET_VALUES);
    return [this.ofTasks.hold(task, labels, at), ...holdings];
  }

  /** Returns whether a holding is of the labels of a task. */
  isOfTask({ accumulator }: Holding): boolean {
    return accumulator === TASK;
  }

  /** Takes labels off a task. @returns the removals, each of something that was there */
  declassifyTask(task: TaskKey, labels: readonly string[]): Removal[] {
    return removals(TASK, this.ofTasks, [task], labels);
  }

  /** Takes labels off what is kept in a store. @returns the removals, each of something that was there */
  declassifyStore(item: StoreItem, labels: readonly string[]): Removal[] {
    return removals(STORES, this.ofStores, this.stores.keysFor(item), labels);
  }
}

const EMPTY = new SetAccount(1);

function labelsBy(name: string, key: string) {
  return { name, fold: `labels by ${key}`, window: windowOf(undefined), amounts: TEXTS };
}

/** Removes values under keys. @returns the removals, each of something that was there */
export function removals(
  accumulator: string,
  accounts: Pick<Accounts, 'remove'>,
  keys: readonly string[],
  labels: readonly string[],
): Removal[] {
  return keys.flatMap((key) => {
    const values = accounts.remove(key, labels);
    return values.length === 0 ? [] : [{ accumulator, key, values }];
  });
}
