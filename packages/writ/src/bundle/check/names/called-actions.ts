import type { Bundle } from '../../bundle.js';

type Mappings = Bundle['mappings'][number]['tools'];
type Mapping = Mappings[string];

/** Returns the names of the actions that a mapping asks about, where the mapping itself writes them. */
export function mappedActions(mapping: Mapping): readonly string[] {
  const asked =
    'evaluation' in mapping
      ? [mapping.evaluation.action]
      : [mapping.evaluations.action, ...mapping.evaluations.evaluations.map(({ action }) => action)];
  // A name that begins with `$` is computed from the call.
  return asked.flatMap((action) => (action === undefined || action.name.startsWith('$') ? [] : [action.name]));
}

/** Returns the mapping of a tool; undefined if none is for it. */
export function mappingOf({ mappings }: Bundle, tool: string, server: string | undefined): Mapping | undefined {
  const its = mappings.find((one) => (server === undefined || one.server === server) && Object.hasOwn(one.tools, tool));
  return its?.tools[tool];
}
