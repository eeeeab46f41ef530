import { readerRuleOf } from '../../../ledger/flow/reader-rules.js';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** A group of readers of which nobody is a member. */
export const unknownReaders: Rule = {
  code: 'tools/unknown-readers',
  check({ tools: { tools, readers } }, find) {
    const rules = Object.entries(tools).flatMap(([tool, { result }]) =>
      rulesIn(result, ['tools', tool, 'result']).map(({ rule, way }) => ({ tool, rule, way })),
    );
    const known = new Set([...Object.keys(readers), ...rules.flatMap(({ rule }) => rule.clears ?? [])]);
    for (const { tool, rule, way } of rules) {
      for (const group of groupsIn(tool, rule.readers ?? [])) {
        if (known.has(group)) continue;
        find
          .in('tools.yaml')
          .warning(
            `${tool}: nobody is a member of ${group}`,
            'name its members in `readers`, or a field that `clears` it',
            valueAt([...way, 'readers', (rule.readers ?? []).indexOf(group)]),
          );
      }
    }
  },
};

interface WithReaders {
  readonly readers?: readonly string[] | undefined;
  readonly clears?: readonly string[] | undefined;
}

/** Returns the labels of a result that are written as records, by whatever path, each with the way to it. */
function rulesIn(
  result: unknown,
  way: readonly PropertyKey[],
): readonly { readonly rule: WithReaders; readonly way: readonly PropertyKey[] }[] {
  if (typeof result !== 'object' || result === null) return [];
  if ('readers' in result || 'clears' in result) return [{ rule: result as WithReaders, way }];
  return Object.entries(result).flatMap(([name, one]) => rulesIn(one, [...way, name]));
}

function groupsIn(tool: string, readers: readonly string[]): readonly string[] {
  try {
    return readerRuleOf(tool, readers).groups;
  } catch {
    // Another rule says what is wrong with it.
    return [];
  }
}
