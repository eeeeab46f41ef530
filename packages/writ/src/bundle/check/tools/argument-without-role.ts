import type { CedarType } from '@writ/cedar';
import { EFFECTS } from '../../format/tools.js';
import type { Rule } from '../rule.js';
import { actionOf, contextRecord } from '../schema-parts.js';

/** A text argument without a role, of a tool that does more than read. */
export const argumentWithoutRole: Rule = {
  code: 'tools/argument-without-role',
  check(bundle, find) {
    const { tools, defaults } = bundle.tools;
    for (const [name, { arguments: roles, opaque, effects }] of Object.entries(tools)) {
      const action = actionOf(bundle, name);
      const all: readonly string[] = effects ?? defaults.effects ?? EFFECTS;
      if (action === undefined || !all.some((effect) => effect !== 'read')) continue;
      const described = new Set(Object.keys(roles).map((path) => /^\$?\.?([^.[\]]+)/.exec(path)?.[1] ?? path));
      const texts = [...(contextRecord(action, 'input') ?? [])].filter(([, { type }]) => hasText(type));
      for (const argument of [...texts.map(([known]) => known), ...opaque]) {
        // A member of an argument has the role of that.
        if (described.has(argument) || described.has(argument.split('.', 1)[0] ?? '')) continue;
        find
          .in('tools.yaml')
          .warning(
            `${name}: ${argument} can have texts, and has no role`,
            'it counts as content; say its role in `arguments`',
            ['tools', name, 'arguments'],
          );
      }
    }
  },
};

function hasText(type: CedarType): boolean {
  if (type.kind === 'set') return hasText(type.element);
  if (type.kind === 'record') return [...type.attributes.values()].some((attribute) => hasText(attribute.type));
  return type.kind === 'string';
}
