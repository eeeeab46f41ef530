import { type EntityUid, uidText } from '@writ/cedar';
import type { Identities } from '../registry/identities.js';
import type { Registry } from '../registry/registry.js';

/** What the registry says of those on a path, whatever they do. */
interface IdentityStatus {
  /** Why none of them may do anything. */
  readonly refusal?: string;
  /** Whether all of them are known: registered, or with facts. */
  readonly isRegistered: () => boolean;
}

export function identityStatus(
  path: readonly EntityUid[],
  identities: Pick<Identities, 'find' | 'isEmpty'>,
  registry: Registry,
): IdentityStatus {
  const isRegistered = (): boolean =>
    path.every((uid) => identities.find(uid) !== undefined || registry.resident(uid) !== undefined);
  if (identities.isEmpty) return { isRegistered };
  for (const uid of path) {
    const state = identities.find(uid)?.state;
    if (state === 'suspended' || state === 'retired')
      return { refusal: `the identity ${uidText(uid)} is ${state}`, isRegistered };
  }
  return { isRegistered };
}
