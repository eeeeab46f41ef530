import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UNFINISHED } from '@writ/sdk/lib/replace-file';
import { type DigestTables, digestsIn } from '../audit/state/state-tables.js';
import { parseCheckpoint } from '../audit/tlog/checkpoint.js';
import { KEYS_FOLDER, STATE_BEGUN_FILE, STORE_KEY_FILE } from '../store/files.js';
import { hasStoreKey } from '../store/open-store-key.js';
import type { Store } from '../store/store.js';

/**
 * Makes the keys beside a verified copy of a store those of its time. A store of an earlier version has secrets in the clear, and no
 * digests of its state; a start refuses both beside later keys, because somebody could have put them there. The seal of the copy
 * shows that they are its own.
 *
 * @returns whether the keys were changed
 */
export async function keysOfThen(
  folder: string,
  store: Store,
  { checkpoint }: { readonly checkpoint: string },
): Promise<boolean> {
  const [key, begun] = [STORE_KEY_FILE, STATE_BEGUN_FILE].map((name) => join(folder, KEYS_FOLDER, name)) as [
    string,
    string,
  ];
  const isBeforeKey = existsSync(key) && !(await hasStoreKey(store));
  // The first start takes it into use again.
  if (isBeforeKey) renameSync(key, `${key}${UNFINISHED}`);
  const isBeforeDigests = existsSync(begun) && !(await hasDigests(store, checkpoint));
  if (isBeforeDigests) rmSync(begun);
  return isBeforeKey || isBeforeDigests;
}

async function hasDigests(store: Store, checkpoint: string): Promise<boolean> {
  const rows = await store.withTables<DigestTables>().selectFrom('state_digests').select('name').limit(1).execute();
  return rows.length > 0 || digestsIn(parseCheckpoint(checkpoint).note.text).length > 0;
}
