import { FROM_USER, integrityLevel, join, type Labels, withIntegrity } from './labels.js';

const OWN = integrityLevel('internal');

/** The sources of a value. */
export interface Found {
  /** The source that confers most: the prompt, a field of a result that is the value. A text confers nothing. */
  readonly from: 'prompt' | 'field' | 'text';
  /** The integrity of that source, with the confidentiality and the names of all sources. */
  readonly labels: Labels;
  /** The kinds of all its sources. */
  readonly said: readonly ('prompt' | 'field' | 'text')[];
  /** Whether the user named it, or the record or the text that it is from. */
  readonly isNamed: boolean;
  /** Whether there can be more sources than are remembered. */
  readonly isPartial: boolean;
  /** Whether somebody who need not be trusted said it. */
  readonly isOfOthers: boolean;
  /** The source that confers most if others said it elsewhere: not a tool that was asked with it. */
  readonly unasked?: Conferred;
  /** The decision whose result it was in, the tool, and the place. */
  readonly source?: { readonly decisionId: string; readonly tool: string; readonly at: string };
  /** The groups of readers that a record of our own says it is a member of. */
  readonly clears?: readonly string[] | undefined;
}

/** The source that confers most, with the labels of all. */
type Conferred = Pick<Found, 'from' | 'labels' | 'source'>;

/** A field or a text that has a value. */
interface Source {
  readonly labels: Labels;
  readonly source: NonNullable<Found['source']>;
  /** Whether the arguments of its call were not ours alone. */
  readonly isSteered?: true | undefined;
  readonly clears?: readonly string[] | undefined;
}

interface Best {
  readonly labels: Labels;
  readonly source: Found['source'];
}

/** The sources of one value, as they are found. */
export class Sources {
  private best: Best | undefined;
  private other: Found['source'];
  private readonly kinds: Found['said'][number][] = [];
  private steered: Best | undefined;
  /** Whether somebody said it whom nobody has to trust. */
  isOfOthers = false;
  private joined: Labels | undefined;
  /** The labels that were joined last: many sources share them. */
  private last: Labels | undefined;
  /** Whether it is in a record or a text that the user named. */
  isOfNamed = false;
  isPartial = false;
  private clears: readonly string[] | undefined;

  /** Whether something said it. */
  get isKnown(): boolean {
    return this.kinds.length > 0;
  }

  /** Adds an id of another kind of thing, which is known and no more. One with letters is not this id by chance. */
  addForeignId(said: Source, isTelling: boolean): void {
    this.add(isTelling ? 'text' : 'field', { ...said, labels: withIntegrity(said.labels, 'attested') }, !isTelling);
  }

  /** @param kind `own text` for a text of the very record that a field is of */
  add(kind: 'field' | 'text' | 'own text', said: Source, confers: boolean): void {
    const { labels, source, isSteered, clears } = said;
    const isOwn = confers && isSteered !== true && integrityLevel(labels.integrity) >= OWN;
    if (clears !== undefined && isOwn) this.clears = [...(this.clears ?? []), ...clears];
    // Others wrote an external field as they write a text.
    if (kind === 'own text') this.note('field');
    else this.note(labels.integrity === 'external' ? 'text' : kind);
    if (labels !== this.last) this.joined = this.joined === undefined ? labels : join(this.joined, labels);
    this.last = labels;
    if (isSteered !== true && ONLY_SAID.has(labels.integrity)) this.isOfOthers = true;
    // The latest text that has it says more to a reader than the first.
    if (!confers) this.other = source;
    else if (isSteered === true) this.steered = better(this.steered, { labels, source });
    else this.best = better(this.best, { labels, source });
  }

  private note(kind: Found['said'][number]): void {
    if (!this.kinds.includes(kind)) this.kinds.push(kind);
  }

  /** Returns the source that confers most. A tool can have made what others say of what they made the agent ask. */
  private get conferring(): Best | undefined {
    if (this.steered === undefined || this.kinds.includes('text') || this.isOfOthers) return this.best;
    return better(this.best, this.steered);
  }

  found(isNamed: boolean, isPartial: boolean): Found | undefined {
    if (!isNamed && this.joined === undefined) return undefined;
    if (isNamed) this.note('prompt');
    const { conferring } = this;
    const by = isNamed ? this.ofPrompt : this.ofSource(conferring);
    return {
      from: by.from,
      labels: by.labels,
      said: this.kinds,
      isNamed: isNamed || this.isOfNamed,
      isPartial: this.isPartial || isPartial,
      isOfOthers: this.isOfOthers || this.kinds.includes('text'),
      ...(by.source === undefined ? {} : { source: by.source }),
      ...(isNamed || conferring === this.best ? {} : { unasked: this.ofSource(this.best) }),
      ...(this.clears && { clears: this.clears }),
    };
  }

  private get ofPrompt(): Conferred {
    return { from: 'prompt', labels: withIntegrity(this.joined ?? FROM_USER, 'user') };
  }

  private ofSource(best: Best | undefined): Conferred {
    // Nothing but tools that were asked with it said it.
    const isOnlyAsked = this.steered !== undefined && this.best === undefined && !this.kinds.includes('text');
    const source = best?.source ?? this.other;
    return {
      from: best === undefined && !isOnlyAsked ? 'text' : 'field',
      labels: withIntegrity(this.joined ?? FROM_USER, best?.labels.integrity ?? 'external'),
      ...(source === undefined ? {} : { source }),
    };
  }
}

/** The integrity of what somebody said whom nobody has to trust. */
export const ONLY_SAID: ReadonlySet<Labels['integrity']> = new Set(['external', 'attested']);

function better(one: Best | undefined, other: Best): Best {
  return one === undefined || integrityLevel(one.labels.integrity) < integrityLevel(other.labels.integrity)
    ? other
    : one;
}
