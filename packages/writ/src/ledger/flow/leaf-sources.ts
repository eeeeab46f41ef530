import { type Detection, withDetections } from './detectors.js';
import { type Echo, withEchoes } from './echo.js';
import { FROM_USER, type Labels, labelNames } from './labels.js';
import { type Leaf, leavesOf } from './result-labels.js';
import type { ResultRule } from './result-rules.js';
import type { Answer } from './result-value.js';
import type { ToolDescription } from './tool-description.js';

/** A part of the labels of a value. */
export type LabelPart = 'integrity' | 'confidentiality' | 'names' | 'kind' | 'readers';

/** A rule that applies to a value. */
interface AppliedRule {
  /** Its place among the rules of the tool. */
  readonly index: number;
  /** The parts of the labels that are as it says; none if deeper rules say all of them. */
  readonly gives: readonly LabelPart[];
  /** Whether its condition could not be worked out, so that nothing is known of the value. */
  readonly failed: boolean;
}

/** A value of an answer with the causes of its labels. Without any of them its labels are those of values that no rule reaches. */
interface SourcedLeaf extends Leaf {
  readonly rules: readonly AppliedRule[];
  /** The detectors that found something in it. */
  readonly detectors: readonly (keyof Detection)[];
  /** Whether its labels are others because of the thing in a store that it was read from. */
  readonly isStored: boolean;
  /** The arguments of the call that it repeats, whose labels it has also; an empty name stands for any of them. */
  readonly echoed: readonly string[];
  /** The labels that it adds to the task. An echo adds none. */
  readonly adds: readonly string[];
}

/** The description that an answer is labelled by, and the call that it answers. */
interface Labelling {
  readonly tool: ToolDescription;
  readonly detect: Detection;
  readonly input: unknown;
  /** The labels of what it was read from. */
  readonly stored: readonly string[];
  /** The arguments that the answer may repeat. */
  readonly echoes: readonly Echo[];
}

/** No label of a bundle begins with NUL: a YAML text cannot have one. */
const MARK = '\u0000';

/**
 * Returns the values of an answer as they are labelled when it is learned, with the causes of their labels. The labels are asked for
 * again with other rules, and compared, so that the causes are those of the labels that count.
 */
export async function leafSources(labelling: Labelling, answer: Answer): Promise<SourcedLeaf[]> {
  const { tool, detect, input, stored, echoes } = labelling;
  const leavesBy = (rules: readonly ResultRule[]): Leaf[] => leavesOf({ ...tool, rules }, input, answer, stored);
  const plain = leavesBy(tool.rules);
  const unechoed = await withDetections(plain, detect);
  const leaves = withEchoes(unechoed, echoes);
  const ruled = leavesBy(tool.rules.map((rule, i) => ({ ...rule, names: [...rule.names, `${MARK}${i}`] })));
  const applied = ruled.map(({ labels }) => marksIn(labels).map(Number));
  const found = await withDetections(plain.map(withoutNames), marksOf(detect));
  const unstored = stored.length === 0 ? undefined : leavesOf(tool, input, answer, []);
  const echoed = withEchoes(
    plain.map(withoutNames),
    echoes.filter(({ labels }) => labels.integrity !== 'user').map(marked),
  );
  const influence = new Influence(tool.rules, plain, leavesBy);
  return leaves.map((leaf, at): SourcedLeaf => {
    const indexes = applied[at] ?? [];
    const { labels } = plain[at] as Leaf;
    const isKept = (part: LabelPart): boolean =>
      (part !== 'integrity' && part !== 'confidentiality') || leaf.labels[part] === labels[part];
    return {
      ...leaf,
      rules: indexes.map((index) => ({
        index,
        gives: influence.of(index, indexes, at).filter(isKept),
        failed: influence.isFailed(index, at),
      })),
      detectors: marksIn((found[at] as Leaf).labels) as (keyof Detection)[],
      echoed: marksIn((echoed[at] as Leaf).labels),
      adds: labelNames((unechoed[at] as Leaf).labels),
      isStored: unstored !== undefined && !isSame((unstored[at] as Leaf).labels, labels),
    };
  });
}

function marksIn({ names }: Labels): string[] {
  return names.filter((name) => name.startsWith(MARK)).map((name) => name.slice(MARK.length));
}

function marksOf(detect: Detection): Detection {
  return Object.fromEntries(Object.keys(detect).map((what) => [what, `${MARK}${what}`]));
}

function marked(echo: Echo): Echo {
  return { ...echo, labels: { ...FROM_USER, names: [`${MARK}${echo.argument}`] } };
}

function withoutNames(leaf: Leaf): Leaf {
  return { ...leaf, labels: { ...leaf.labels, names: [] } };
}

function isSame(a: Labels, b: Labels): boolean {
  const text = ({ names, readers = [] }: Labels): string => JSON.stringify([names, readers]);
  return a.integrity === b.integrity && a.confidentiality === b.confidentiality && text(a) === text(b);
}

/** The ends of the scales: a rule that counts gives another label if it says one of them. */
const PROBES = {
  integrity: ['user', 'external'],
  confidentiality: ['public', 'restricted'],
} as const;

/** Finds which of the rules on a value give its labels. */
class Influence {
  /** By rule and part, whether each value changes with it. */
  private readonly changes = new Map<string, readonly boolean[]>();

  constructor(
    private readonly rules: readonly ResultRule[],
    private readonly leaves: readonly Leaf[],
    private readonly leavesBy: (rules: readonly ResultRule[]) => readonly Leaf[],
  ) {}

  /** @param applied the rules that apply to the value, by their index */
  of(index: number, applied: readonly number[], at: number): LabelPart[] {
    const rule = this.rules[index] as ResultRule;
    const parts: LabelPart[] = [];
    for (const part of ['integrity', 'confidentiality'] as const)
      if (this.decides(part, index, applied, at)) parts.push(part);
    if (rule.names.length > 0) parts.push('names');
    if (rule.readers !== undefined && this.leaves[at]?.labels.readers !== undefined) parts.push('readers');
    if (rule.kind !== undefined && this.leaves[at]?.kind === rule.kind) parts.push('kind');
    return parts;
  }

  /** Returns whether the value has other labels if the condition of a rule that applies to it is true. */
  isFailed(index: number, at: number): boolean {
    if (this.rules[index]?.when === undefined) return false;
    return this.changesWith('when', index, at, [{ when: () => true }]);
  }

  private decides(part: keyof typeof PROBES, index: number, applied: readonly number[], at: number): boolean {
    const says = (one: number): boolean => this.rules[one]?.[part] !== undefined;
    const changes = (one: number): boolean =>
      this.changesWith(
        part,
        one,
        at,
        PROBES[part].map((probe) => ({ [part]: probe })),
      );
    if (this.rules[index]?.[part] !== this.leaves[at]?.labels[part]) return false;
    const others = applied.filter((one) => one !== index && says(one));
    // Of two at one place that say the lowest, neither alone changes it.
    return others.length === 0 || changes(index) || !others.some(changes);
  }

  /** @param probes members that the rule is given instead of its own, one set after another */
  private changesWith(what: string, index: number, at: number, probes: readonly Partial<ResultRule>[]): boolean {
    const key = `${what} ${index}`;
    let changes = this.changes.get(key);
    if (changes === undefined) {
      const probed = probes.map((probe) =>
        this.leavesBy(this.rules.map((rule, i) => (i === index ? { ...rule, ...probe } : rule))),
      );
      changes = this.leaves.map(({ labels }, i) => probed.some((other) => !isSame((other[i] as Leaf).labels, labels)));
      this.changes.set(key, changes);
    }
    return changes[at] === true;
  }
}
