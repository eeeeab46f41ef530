import { visibleLine } from '../../lib/visible-text.js';
import type { CoverageReport, CoveredPolicy } from './coverage-report.js';

/**
 * Returns a coverage report as lcov, which editors show beside the text: a policy is a function, an outcome of a condition a branch. The
 * counts are 1 for seen and 0 for not seen.
 *
 * @param pathOf returns the path of a file of the bundle as a reader of the report finds it
 */
export function lcovOf({ policies }: CoverageReport, pathOf: (file: string) => string): string {
  const byFile = new Map<string, CoveredPolicy[]>();
  for (const policy of policies) {
    const known = byFile.get(policy.place.file);
    if (known === undefined) byFile.set(policy.place.file, [policy]);
    else known.push(policy);
  }
  return [...byFile].map(([file, some]) => `${fileLines(pathOf(file), some).join('\n')}\n`).join('');
}

function fileLines(path: string, policies: readonly CoveredPolicy[]): string[] {
  const hits = new Map<number, number>();
  const hit = (line: number, wasSeen: boolean): void => {
    hits.set(line, Math.max(hits.get(line) ?? 0, Number(wasSeen)));
  };
  const branches: string[] = [];
  let block = 0;
  let taken = 0;
  for (const { place, applied, conditions } of policies) {
    hit(place.line, applied);
    for (const { place: at, wasTrue, wasFalse } of conditions) {
      const wasReached = wasTrue || wasFalse;
      hit(at.line, wasReached);
      for (const [i, wasSeen] of [wasTrue, wasFalse].entries())
        branches.push(`BRDA:${at.line},${block},${i},${wasReached ? Number(wasSeen) : '-'}`);
      block += 1;
      taken += Number(wasTrue) + Number(wasFalse);
    }
  }
  // A comma would end the name, and so would the end of a line.
  const named = policies.map(({ policy, place, applied }) => ({
    name: visibleLine(policy, 200).replaceAll(',', ';'),
    line: place.line,
    applied,
  }));
  const lines = [...hits].sort(([a], [b]) => a - b);
  return [
    'TN:',
    `SF:${path}`,
    ...named.map(({ line, name }) => `FN:${line},${name}`),
    ...named.map(({ name, applied }) => `FNDA:${Number(applied)},${name}`),
    `FNF:${named.length}`,
    `FNH:${named.filter(({ applied }) => applied).length}`,
    ...branches,
    `BRF:${branches.length}`,
    `BRH:${taken}`,
    ...lines.map(([line, count]) => `DA:${line},${count}`),
    `LF:${lines.length}`,
    `LH:${lines.filter(([, count]) => count > 0).length}`,
    'end_of_record',
  ];
}
