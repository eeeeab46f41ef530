import type { ActionDeclaration, EntityUid, Policy, Schema } from '@writ/cedar';
import { memo } from '../../../lib/memo.js';

/** Returns for each action its groups, and theirs, by the text of the action. */
const groupsOf = memo((schema: Schema): ReadonlyMap<ActionDeclaration, ReadonlySet<string>> => {
  const all = [...schema.actions];
  const byUid = new Map(all.map((action) => [keyOf(action.uid), action]));
  return new Map(
    all.map((action) => {
      const groups = new Set<string>();
      const left = [...action.memberOf];
      for (let group = left.pop(); group !== undefined; group = left.pop()) {
        if (groups.has(keyOf(group))) continue;
        groups.add(keyOf(group));
        left.push(...(byUid.get(keyOf(group))?.memberOf ?? []));
      }
      return [action, groups];
    }),
  );
});

/** Returns the actions of a schema that the head of a policy is for. */
export function actionsOf({ action }: Pick<Policy, 'action'>, schema: Schema): readonly ActionDeclaration[] {
  if (action.op === '==') {
    const only = schema.action(action.uid);
    return only === undefined ? [] : [only];
  }
  const all = groupsOf(schema);
  if (action.op === 'all') return [...all.keys()];
  const named = new Set(action.uids.map(keyOf));
  return [...all].flatMap(([one, groups]) =>
    named.has(keyOf(one.uid)) || [...groups].some((group) => named.has(group)) ? [one] : [],
  );
}

function keyOf({ type, id }: EntityUid): string {
  return `${type}::${id}`;
}
