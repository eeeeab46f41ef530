import { isReserved } from '../../reserved-names.js';
import type { Rule } from '../rule.js';
import { contextRecord } from '../schema-parts.js';

/** No description of a tool of this name is read. It counts as a tool that does anything, and its author cannot change that. */
const UNDESCRIBABLE = '__proto__';

/** A tool that policies judge by its description, and that nobody described. */
export const undescribedTool: Rule = {
  code: 'tools/undescribed-tool',
  check(bundle, find) {
    const { tools, defaults } = bundle.tools;
    const isSaid = defaults.effects !== undefined && defaults.result !== undefined;
    if (isSaid || Object.keys(tools).length === 0) return;
    const names = [...bundle.schema.actions]
      .filter((action) => action.resourceTypes.has('Tool') && contextRecord(action, 'tool') !== undefined)
      .map(({ uid }) => uid.id)
      .filter((name) => !Object.hasOwn(tools, name) && !isReserved(name) && name !== UNDESCRIBABLE);
    for (const name of names)
      find
        .in('tools.yaml')
        .warning(
          `${name} is not described, so it counts as a tool that does anything`,
          'describe it; `writ bundle schema BUNDLE --write` drafts the tools that are missing',
          ['tools'],
        );
  },
};
