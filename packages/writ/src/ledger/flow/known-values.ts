import { NamedByUser } from './deviations.js';
import { join, type Labels } from './labels.js';
import { NamedSources } from './named-records.js';
import type { Effort, ValueUse } from './prompt-values.js';
import { MAX_EFFORT, type TaskValues } from './task-values.js';
import type { Found } from './value-sources.js';

/** The values that the arguments of a call are traced to. */
export type TracedValues = Pick<
  TaskValues,
  'named' | 'find' | 'gives' | 'isApproved' | 'isApprovedTool' | 'asksFor' | 'countInPrompts'
>;

const NOTHING_NAMED = new NamedByUser();
const NO_SOURCES = new NamedSources();
const CONFERS: readonly Found['from'][] = ['text', 'field', 'prompt'];

/**
 * The values of a task, and what tasks of its lineage have read. Prompts and approvals are of the task alone: what another task was asked
 * for is nobody's word here. Sources are joined as those of one task are, so that to split work over tasks confers nothing.
 */
export class LineageTracedValues implements TracedValues {
  /**
   * @param own the prompts and approvals of the task; undefined if it has none
   * @param read what tasks of the lineage have read
   * @param forgotten whether something that they have read is forgotten, or was never indexed
   */
  constructor(
    private readonly own: TaskValues | undefined,
    private readonly read: readonly TaskValues[],
    private readonly forgotten: { readonly isPartial: boolean; readonly hasUnread: boolean },
  ) {}

  get named(): NamedByUser {
    return this.own?.named ?? NOTHING_NAMED;
  }

  find(value: string | number, use: ValueUse, effort: Effort = { characters: MAX_EFFORT }): Found | undefined {
    const named = this.own?.namedSources ?? NO_SOURCES;
    const all = [
      this.own?.find(value, use, effort),
      ...this.read.map((one) => one.find(value, use, effort, named, this.read)),
    ];
    const isOfOthers =
      this.forgotten.isPartial || this.forgotten.hasUnread || all.some((one) => one?.isOfOthers === true);
    let found: Found | undefined;
    for (const one of all) found = together(found, isOfOthers && one !== undefined ? { ...one, ...one.unasked } : one);
    if (found === undefined) return undefined;
    const isPartial = found.isPartial || this.forgotten.isPartial;
    // A text of others that is not known can have named it.
    const said = isPartial || this.forgotten.hasUnread ? [...new Set([...found.said, 'text' as const])] : found.said;
    return { ...found, isPartial, said };
  }

  gives(value: string | number, use: ValueUse, effort: Effort): boolean {
    return this.own?.gives(value, use, effort) === true;
  }

  isApproved(value: string | number): boolean {
    return this.own?.isApproved(value) === true;
  }

  isApprovedTool(tool: string): boolean {
    return this.own?.isApprovedTool(tool) === true;
  }

  asksFor(stems: readonly string[]): boolean {
    return this.own?.asksFor(stems) === true;
  }

  countInPrompts(value: string | number, effort: Effort): number {
    return this.own?.countInPrompts(value, effort) ?? 0;
  }
}

/** Returns the sources of a value together: the integrity of the one that confers most, the other labels of all. */
function together(one: Found | undefined, other: Found | undefined): Found | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const best = confersMore(other, one) ? other : one;
  const labels = { ...join(one.labels, other.labels), integrity: best.labels.integrity };
  return {
    ...best,
    labels,
    said: [...new Set([...one.said, ...other.said])],
    isNamed: one.isNamed || other.isNamed,
    isPartial: one.isPartial || other.isPartial,
    isOfOthers: one.isOfOthers || other.isOfOthers,
  };
}

function confersMore(a: Found, b: Found): boolean {
  if (a.from !== b.from) return CONFERS.indexOf(a.from) > CONFERS.indexOf(b.from);
  return a.labels.integrity !== b.labels.integrity && lower(a.labels, b.labels) === b.labels.integrity;
}

function lower(a: Labels, b: Labels): Labels['integrity'] {
  return join(a, b).integrity;
}
