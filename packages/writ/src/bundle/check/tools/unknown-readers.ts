import { readerRuleOf } from '../../../ledger/flow/reader-rules.js';
import type { Rule } from '../rule.js';

/** A group of readers of which nobody is a member. */
export const unknownReaders: Rule = {
  code: 'tools/unknown-readers',
  check({ tools: { tools, readers } }, find) {
    const rules = Object.entries(tools).flatMap(([tool, { result }]) =>
      rulesIn(result).map((rule) => ({ tool, rule })),
    );
    const known = new Set([...Object.keys(readers), ...rules.flatMap(({ rule }) => rule.clears ?? [])]);
    for (const { tool, rule } of rules) {
      for (const group of groupsIn(tool, rule.readers ?? [])) {
        if (known.has(group)) continue;
        find
          .in('tools.yaml')
          .warning(
            `${tool}: nobody is a member of ${group}`,
            'name its members in `readers`, or a field that `clears` it',
            ['tools', tool],
          );
      }
    }
  },
};

interface WithReaders {
  readonly readers?: readonly string[] | undefined;
  readonly clears?: readonly string[] | undefined;
}

/** Returns the labels of a result that are written as records, by whatever path. */
function rulesIn(result: unknown): readonly WithReaders[] {
  if (typeof result !== 'object' || result === null) return [];
  if ('readers' in result || 'clears' in result) return [result as WithReaders];
  return Object.values(result).flatMap(rulesIn);
}

function groupsIn(tool: string, readers: readonly string[]): readonly string[] {
  try {
    return readerRuleOf(tool, readers).groups;
  } catch {
    // Another rule says what is wrong with it.
    return [];
  }
}
