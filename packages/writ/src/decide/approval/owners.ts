import { Entity, type EntityUid, parseUid, uidText } from '@writ/cedar';
import type { Identities } from '../../registry/identities.js';
import type { Registry } from '../../registry/registry.js';

/** Finds who answers for an identity. */
export interface OwnerFinder {
  /** Returns who answers for an identity, by its facts and by its registration. A person of whom neither says it answers for themselves. */
  ownersOf(uid: EntityUid): readonly EntityUid[];
  /** Returns the name under which the votes of an identity and its owner count once. */
  lineageOf(uid: EntityUid): string;
}

interface OwnerParts {
  readonly registry: () => Registry;
  readonly identities: Pick<Identities, 'find'>;
  readonly people: () => readonly string[];
}

/** Returns what finds owners: by `owner` among the facts of an identity and in its registration, as an entity or as the id of a person. */
export function ownerFinder({ registry, identities, people }: OwnerParts): OwnerFinder {
  const named = (text: string): EntityUid | undefined => {
    const uid = parseUid(text);
    if (uid !== undefined) return uid;
    const found = people()
      .map((type) => ({ type, id: text }))
      .filter((one) => registry().resident(one) !== undefined);
    return found.length === 1 ? found[0] : undefined;
  };
  const byFact = (uid: EntityUid): EntityUid | string | undefined => {
    const fact = registry().resident(uid)?.attributes.get('owner');
    if (fact instanceof Entity) return { type: fact.type, id: fact.id };
    return typeof fact === 'string' ? (named(fact) ?? fact) : undefined;
  };
  const byRegistration = (uid: EntityUid): EntityUid | undefined => {
    const owner = identities.find(uid)?.owner;
    return owner === undefined ? undefined : named(owner);
  };
  return {
    ownersOf(uid) {
      const found = [byFact(uid), byRegistration(uid)].filter((one) => typeof one === 'object');
      return found.length === 0 && people().includes(uid.type) ? [uid] : found;
    },
    lineageOf(uid) {
      const owner = byFact(uid) ?? byRegistration(uid) ?? uid;
      // An owner that is a name alone, as that of a team.
      return typeof owner === 'string' ? owner : uidText(owner);
    },
  };
}
