import { posix } from 'node:path';
import { plainForm } from './normal-form.js';

/** A thing in a store; without `item`, all of it. */
export interface StoreItem {
  readonly store: string;
  readonly item?: string | undefined;
}

/** The key of a thing in a store. Ways to write one path are one thing. */
function keyOfStore({ store, item }: StoreItem): string {
  return JSON.stringify(item === undefined ? [store] : [store, nameOf(item)]);
}

/** A thing in a store as a policy names it: `note/todo.md`, however its path was written. */
export function placeOf({ store, item }: StoreItem): string {
  return item === undefined ? store : `${store}/${nameOf(item)}`;
}

function nameOf(item: string): string {
  const plain = plainForm(item);
  return plain.includes('/') ? posix.normalize(plain).replace(/^\/+/, '').replace(/\/+$/, '') : plain;
}

/** Past so many things of one store with labels, another is labelled as the whole store. */
const MAX_ITEMS = 10_000;

/** Which things of which stores have labels. */
export class Stores {
  private readonly keys = new Map<string, Set<string>>();

  /** There is something under a key now. */
  note(key: string): void {
    const [store] = JSON.parse(key) as [string];
    const keys = this.keys.get(store) ?? new Set();
    keys.add(key);
    this.keys.set(store, keys);
  }

  /** Under which keys are the labels of a thing: its own, and those of what was written and is not known apart. */
  keysFor({ store, item }: StoreItem): readonly string[] {
    const keys = this.keys.get(store);
    if (keys === undefined) return [];
    if (item === undefined) return [...keys];
    return [keyOfStore({ store, item }), keyOfStore({ store })].filter((key) => keys.has(key));
  }

  /** Where what is written is labelled. */
  keysToWrite(store: string, items: readonly string[]): string[] {
    const isFull = (this.keys.get(store)?.size ?? 0) >= MAX_ITEMS;
    return items.length === 0 || isFull ? [keyOfStore({ store })] : items.map((item) => keyOfStore({ store, item }));
  }
}
