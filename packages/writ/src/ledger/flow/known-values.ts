import { NamedByUser } from './deviations.js';
import { integrityLevel, join, withIntegrity } from './labels.js';
import { NamedSources } from './named-records.js';
import { probeOf } from './probe.js';
import type { Effort, ValueUse } from './prompt-values.js';
import type { KnownCodes } from './returned-codes.js';
import { MAX_EFFORT, type TaskValues } from './task-values.js';
import type { Found } from './value-sources.js';

/** The values that the arguments of a call are traced to. */
export type TracedValues = Pick<
  TaskValues,
  'named' | 'codes' | 'find' | 'gives' | 'isApproved' | 'isApprovedTool' | 'asksFor' | 'countInPrompts'
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
    const probe = probeOf(value);
    const named = this.own?.namedSources ?? NO_SOURCES;
    const all: Found[] = [];
    const add = (one: Found | undefined): void => void (one !== undefined && all.push(one));
    add(this.own?.findBy(probe, use, effort));
    for (const values of this.read) add(values.findBy(probe, use, effort, named, this.read));
    const { isPartial: isForgotten, hasUnread } = this.forgotten;
    const isOfOthers = isForgotten || hasUnread || all.some((one) => one.isOfOthers);
    let found: Found | undefined;
    for (const one of all)
      found = together(found, isOfOthers && one.unasked !== undefined ? { ...one, ...one.unasked } : one);
    if (found === undefined) return undefined;
    const isPartial = found.isPartial || this.forgotten.isPartial;
    // A text of others that is not known can have named it.
    const said = isPartial || this.forgotten.hasUnread ? [...new Set([...found.said, 'text' as const])] : found.said;
    return { ...found, isPartial, said };
  }

  get codes(): KnownCodes {
    return { ofTask: this.own?.sent, read: this.read.map(({ sent }) => sent) };
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
  if (addsNothing(one, other, best)) return one;
  const { from, source } = best;
  const labels = withIntegrity(join(one.labels, other.labels), best.labels.integrity);
  const said = different(one.said, other.said);
  const isNamed = one.isNamed || other.isNamed;
  const isPartial = one.isPartial || other.isPartial;
  const clears = one.clears === undefined ? other.clears : [...one.clears, ...(other.clears ?? [])];
  return {
    from,
    labels,
    said,
    isNamed,
    isPartial,
    isOfOthers: one.isOfOthers || other.isOfOthers,
    ...(source === undefined ? {} : { source }),
    ...(clears === undefined ? {} : { clears }),
  };
}

/** hot: the parts of a lineage mostly say the same of a value. */
function addsNothing(one: Found, other: Found, best: Found): boolean {
  return (
    best === one &&
    join(one.labels, other.labels) === one.labels &&
    other.said.every((said) => one.said.includes(said)) &&
    (one.isNamed || !other.isNamed) &&
    (one.isPartial || !other.isPartial) &&
    (one.isOfOthers || !other.isOfOthers) &&
    other.clears === undefined
  );
}

function different(said: Found['said'], more: Found['said']): Found['said'] {
  return more.every((one) => said.includes(one)) ? said : [...new Set([...said, ...more])];
}

function confersMore(a: Found, b: Found): boolean {
  if (a.from !== b.from) return CONFERS.indexOf(a.from) > CONFERS.indexOf(b.from);
  return integrityLevel(a.labels.integrity) > integrityLevel(b.labels.integrity);
}
