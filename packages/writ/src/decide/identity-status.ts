import { type EntityUid, uidText } from '@writ/cedar';
import type { Identities } from '../registry/identities.js';
import type { Registry } from '../registry/registry.js';

/** The status of the identities of a path in the registry, whatever they do. */
interface IdentityStatus {
  /** Why they may do nothing; undefined if they may. */
  readonly refusal?: string;
  /** Returns whether all of them are known: registered, or with facts. */
  readonly isRegistered: () => boolean;
}

/** Looks up the status of the identities of a path. */
export function identityStatus(
  path: readonly EntityUid[],
  identities: Pick<Identities, 'find' | 'isEmpty'>,
  registry: Registry,
): IdentityStatus {
  const isRegistered = (): boolean =>
    path.every((uid) => identities.find(uid)?.kind !== undefined || registry.resident(uid) !== undefined);
  if (identities.isEmpty) return { isRegistered };
  for (const uid of path) {
    const state = identities.find(uid)?.state;
    if (state === 'suspended' || state === 'retired')
      return { refusal: `the identity ${uidText(uid)} is ${state}`, isRegistered };
  }
  return { isRegistered };
}
