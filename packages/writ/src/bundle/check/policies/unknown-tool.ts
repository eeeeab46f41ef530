import type { EntityUid, Policy } from '@writ/cedar';
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
    const known = new Set([...actions.map(({ uid }) => uid.id), ...factsIds(bundle.entities)]);
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

/** Yields the ids of the tools that the facts of the bundle have: an id, or a group of tools. */
function* factsIds(entities: readonly unknown[]): Generator<string> {
  for (const entity of entities) {
    const { uid, parents } = entity as { readonly uid?: unknown; readonly parents?: readonly unknown[] };
    for (const one of [uid, ...(Array.isArray(parents) ? parents : [])]) {
      const { type, id } = ((one as { readonly __entity?: unknown })?.__entity ?? one ?? {}) as Partial<EntityUid>;
      if (type === TOOL && typeof id === 'string') yield id;
    }
  }
}
