import type { Store } from '../store/store.js';
import type { RevocationTables } from './revocation-rows.js';

/** Returns the revocations that are in force by a store, each as its kind, its target and its task. */
export async function revocationsIn(store: Store): Promise<Set<string>> {
  const rows = await store
    .withTables<RevocationTables>()
    .selectFrom('registry_revocations')
    .select(['kind', 'target', 'task'])
    .where('lifted_at', 'is', null)
    .execute();
  return new Set(rows.map(({ kind, target, task }) => `${kind} ${target}${task === '' ? '' : ` in task ${task}`}`));
}
