import { LABELLED, MARKS, UNMARKED } from '../names/known-labels.js';
import { NearNames } from '../names/near-name.js';
import type { Rule } from '../rule.js';
import { valueAt } from '../yaml-places.js';

/** A label of a result that is nearly one of Writ's: as `confidental`, it would leave the result less confidential than was meant. */
export const misspeltLabel: Rule = {
  code: 'tools/misspelt-label',
  check({ tools: { tools, defaults, detect, programs } }, find) {
    const fixed = [...MARKS, ...UNMARKED];
    const near = new NearNames(fixed);
    const said = [
      ...Object.entries(tools).flatMap(([tool, { result }]) => labelsIn(result, ['tools', tool, 'result'])),
      ...labelsIn(defaults.result, ['defaults', 'result']),
      ...labelsIn(detect, ['detect']),
      ...Object.entries(programs.tables ?? {}).flatMap(([table, { result, columns }]) => {
        const way = ['programs', 'tables', table];
        return [...labelsIn(result, [...way, 'result']), ...labelsIn(columns, [...way, 'columns'])];
      }),
    ];
    for (const { label, way } of said) {
      const meant = fixed.includes(label) ? undefined : near.of(label);
      if (meant === undefined) continue;
      find
        .in('tools.yaml')
        .warning(
          `${label} is a label of its own, and not ${meant}`,
          `did you mean ${meant}? If not: give your label a name that is less like it`,
          valueAt(way),
        );
    }
  },
};

/** Returns the labels that a description of a result says, each with the way to it. */
function labelsIn(
  result: unknown,
  way: readonly PropertyKey[],
): readonly { readonly label: string; readonly way: readonly PropertyKey[] }[] {
  if (typeof result === 'string') return [{ label: result, way }];
  if (typeof result !== 'object' || result === null) return [];
  if (!Array.isArray(result) && Object.keys(result).some((member) => LABELLED.has(member)))
    return labelsIn((result as { readonly labels?: readonly string[] }).labels, [...way, 'labels']);
  return Object.entries(result).flatMap(([name, one]) =>
    labelsIn(one, [...way, Array.isArray(result) ? Number(name) : name]),
  );
}
