import { parseUid } from '@writ/cedar';
import type { Bundle } from '../../bundle.js';
import type { Find } from '../findings.js';
import { factsUids } from '../names/entity-uids.js';
import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** An agent or a person of a client or caller that the schema has no type for, or that the facts of the bundle leave out. */
export const unknownAgent: Rule = {
  code: 'settings/unknown-agent',
  check(bundle, find) {
    const { gateway, callers } = bundle.settings;
    const ids = idsByType(bundle);
    for (const [name, client] of Object.entries(gateway.clients))
      for (const member of ['agent', 'for'] as const)
        look(bundle, find, ids, `the client ${name}`, client[member], ['gateway', 'clients', name, member]);
    for (const [name, caller] of Object.entries(callers))
      for (const member of ['agent', 'for'] as const)
        look(bundle, find, ids, `the caller ${name}`, caller[member], ['callers', name, member]);
  },
};

type Ids = ReadonlyMap<string, ReadonlySet<string>>;

function look(
  { schema }: Bundle,
  find: Find,
  ids: Ids,
  who: string,
  text: string | undefined,
  way: readonly string[],
): void {
  const uid = text === undefined ? undefined : parseUid(text);
  if (uid === undefined) return;
  const found = find.in('writ.yaml');
  if (!schema.entityTypes.has(uid.type)) {
    const otherwise = 'each call is refused: declare the type in the schema';
    found.warning(
      `${who}: the schema has no entity type ${uid.type}`,
      new NearNames(schema.entityTypes.keys()).help(uid.type, otherwise),
      valueAt(way),
    );
    return;
  }
  const known = ids.get(uid.type);
  // Without facts of the type, the bundle leaves them to the registry.
  if (known === undefined || known.has(uid.id)) return;
  const near = new NearNames(known).of(uid.id);
  const otherwise = 'add it to entities/, if a policy asks for its groups or attributes';
  found.warning(
    `${who}: no file in entities/ has ${text}, so nothing is known of it`,
    near === undefined ? otherwise : `did you mean ${uid.type}::"${near}"?`,
    valueAt(way),
  );
}

function idsByType(bundle: Bundle): Ids {
  const ids = new Map<string, Set<string>>();
  for (const { type, id } of factsUids(bundle)) {
    const known = ids.get(type) ?? new Set();
    ids.set(type, known.add(id));
  }
  return ids;
}
