import type { EntityUid, Policy } from '@writ/cedar';
import { factsGroups, factsUids } from '../names/entity-uids.js';
import { expressionsIn } from '../names/expressions.js';
import { NearNames } from '../names/near-name.js';
import { writtenPolicies } from '../names/policies.js';
import { placeOfEntity } from '../names/text-place.js';
import type { Rule } from '../rule.js';

/** The entity type of tools that have no mapping: each is known by its name. */
const TOOL = 'Tool';

/** A `Tool::"name"` that is nearly the name of a tool, and not one. */
export const unknownTestedTool: Rule = {
  code: 'policies/unknown-tool',
  check(bundle, find) {
    if (!bundle.schema.entityTypes.has(TOOL)) return;
    const actions = [...bundle.schema.actions].filter(({ resourceTypes }) => resourceTypes.has(TOOL));
    const known = new Set(actions.map(({ uid }) => uid.id));
    for (const uids of [factsUids(bundle), factsGroups(bundle)])
      for (const { type, id } of uids) if (type === TOOL) known.add(id);
    const near = new NearNames(known);
    for (const { policy, source } of writtenPolicies(bundle)) {
      for (const id of new Set(toolsIn(policy))) {
        const meant = known.has(id) ? undefined : near.of(id);
        if (meant === undefined) continue;
        find
          .in(source.file)
          .warning(
            `policy ${policy.id}: no tool is called ${id}`,
            `did you mean ${meant}?`,
            placeOfEntity(source, TOOL, id),
          );
      }
    }
  },
};

function* toolsIn(policy: Policy): Generator<string> {
  const { resource } = policy;
  const target = 'target' in resource ? resource.target : 'within' in resource ? resource.within : undefined;
  const named: EntityUid[] = target !== undefined && 'uid' in target ? [target.uid] : [];
  for (const expr of expressionsIn(policy)) if (expr.op === 'entity') named.push(expr.uid);
  for (const { type, id } of named) if (type === TOOL) yield id;
}
