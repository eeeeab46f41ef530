import { posix } from 'node:path';
import { plainForm } from './normal-form.js';

/** A thing in a store; without `item`, all of it. */
export interface StoreItem {
  readonly store: string;
  readonly item?: string | undefined;
}

/** Returns the key of a thing in a store. The ways to write one path are one thing. */
function keyOfStore({ store, item }: StoreItem): string {
  return JSON.stringify(item === undefined ? [store] : [store, nameOf(item)]);
}

/** Returns a thing in a store as a policy names it: `note/todo.md`, however its path was written. */
export function placeOf({ store, item }: StoreItem): string {
  return item === undefined ? store : `${store}/${nameOf(item)}`;
}

function nameOf(item: string): string {
  const plain = plainForm(item);
  return plain.includes('/') ? posix.normalize(plain).replace(/^\/+/, '').replace(/\/+$/, '') : plain;
}

/** The most things of one store with labels of their own; another is labelled as the whole store. */
const MAX_ITEMS = 10_000;

/** The things of stores that have labels. */
export class Stores {
  private readonly keys = new Map<string, Set<string>>();

  /** Records that a key has labels. */
  note(key: string): void {
    const [store] = JSON.parse(key) as [string];
    const keys = this.keys.get(store) ?? new Set();
    keys.add(key);
    this.keys.set(store, keys);
  }

  /** Returns the keys of the labels of a thing: its own, and that of things that are not known apart. */
  keysFor({ store, item }: StoreItem): readonly string[] {
    const keys = this.keys.get(store);
    if (keys === undefined) return [];
    if (item === undefined) return [...keys];
    return [keyOfStore({ store, item }), keyOfStore({ store })].filter((key) => keys.has(key));
  }

  /** Returns the keys under which an action labels the things that it writes. */
  keysToWrite(store: string, items: readonly string[]): string[] {
    const isFull = (this.keys.get(store)?.size ?? 0) >= MAX_ITEMS;
    return items.length === 0 || isFull ? [keyOfStore({ store })] : items.map((item) => keyOfStore({ store, item }));
  }
}
