import { PersonKeys } from '../audit/protection/person-keys.js';
import { keySource } from '../store/key-source.js';
import { storeKeyToRead } from '../store/open-store-key.js';
import type { Store } from '../store/store.js';
import type { StoreFlags } from './store-to-read.js';

export interface SealedFlags extends StoreFlags {
  /** The source of the key of the store. */
  readonly storeKey?: string;
}

/** Returns the keys of the people that a record is about, for a command. The key of the store is read when the first is needed. */
export function personKeysOf(store: Store, { data, storeKey }: SealedFlags): PersonKeys {
  const source = keySource(storeKey ?? process.env.WRIT_STORE_KEY, data);
  return PersonKeys.beside(store, () => storeKeyToRead(store, source));
}
