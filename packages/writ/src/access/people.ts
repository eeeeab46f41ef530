import { type Entities, type EntityUid, parseUid, uidText } from '@writ/cedar';
import type { NotifySettings } from './channels.js';
import type { Person } from './submission.js';

/** The entities, and the marks by which people are found among them. */
interface Directory {
  readonly entities: Entities;
  /** The entity types that are people. */
  readonly personTypes: readonly string[];
  /** The channels; those of mail name the attribute that has a person's address. */
  readonly channels: NotifySettings;
}

/**
 * Returns the people among those that are asked and in the groups that are, each once.
 *
 * @param asked as `User::"lena"` or `Group::"leads"`; those that the directory does not have are left out
 */
export function peopleIn(asked: readonly string[], { entities, personTypes, channels }: Directory): Person[] {
  const attributes = Object.values(channels).flatMap((one) => (one.to === 'mail' ? [one.address] : []));
  const found = new Map<string, Person>();
  for (const text of asked) {
    const entity = entities.get(parseUid(text) as EntityUid);
    if (entity === undefined) continue;
    for (const one of [entity, ...entities.descendants(entity)]) {
      if (!personTypes.includes(one.type)) continue;
      const address = attributes.map((name) => one.attributes.get(name)).find((value) => typeof value === 'string');
      found.set(uidText(one), { uid: uidText(one), address: address as string | undefined });
    }
  }
  return [...found.values()];
}
