import { type ActionDeclaration, parseUid, uidText } from '@writ/cedar';
import type { NamedValue, UnclearValue } from '../../ledger/flow/named-values.js';
import type { ToolDescription } from '../../ledger/flow/tool-description.js';
import { type Constraint, MAX_GRANTS } from '../../lib/authorization-details.js';
import { type Grant, type GrantPart, type Mandate, madeOfParts } from '../../provenance/mandate.js';
import { isBetween, own } from '../../provenance/within.js';
import { argumentConstraints, type NotConstrained } from './argument-constraints.js';
import { nounsOf } from './nouns.js';
import { PromptReading } from './prompt-reading.js';

/** Words of a prompt, and where they are in it (UTF-16 units). */
interface Words {
  readonly text: string;
  readonly at: number;
}

/** A constraint of a draft, and the words that it came from. */
export interface DraftedConstraint {
  readonly action: string;
  /** The argument that it is on; undefined if it is on the resource. */
  readonly argument?: string;
  readonly constraint: Constraint | readonly string[];
  readonly words: readonly Words[];
}

/** Words of a prompt that constrain nothing, and why. */
export interface UnusedWords extends Words {
  readonly why: string;
}

/** A mandate narrowed to what a prompt names. */
interface MandateDraft {
  /** The same mandate if nothing constrains it. */
  readonly mandate: Mandate;
  readonly constraints: readonly DraftedConstraint[];
  readonly unused: readonly UnusedWords[];
}

/** The actions and tools of a bundle. */
interface DraftParts {
  readonly actions: ReadonlyMap<string, ActionDeclaration>;
  readonly tool: (action: string) => ToolDescription;
}

/** The longest list of a mandate. */
const MAX_ACTIONS = 64;

/**
 * Narrows a mandate to the values that a prompt names, for the actions that change something. Words that are not understood constrain
 * nothing, and are reported.
 */
export function draftMandate(prompt: string, mandate: Mandate, parts: DraftParts): MandateDraft {
  const drafter = new Drafter(prompt, parts);
  return drafter.draft(mandate);
}

/** A grant in parts, and the constraints that its parts have. */
interface Parted {
  readonly parts: readonly GrantPart[];
  readonly constraints: readonly Noted[];
}

interface Noted {
  readonly drafted: DraftedConstraint;
  readonly named: readonly NamedValue[];
}

const NOT_TAKEN = 'nothing that the task may change takes it';

class Drafter {
  private readonly reading: PromptReading;
  private readonly why = new Map<NamedValue, string>();

  constructor(
    prompt: string,
    private readonly parts: DraftParts,
  ) {
    this.reading = new PromptReading(prompt);
  }

  draft(mandate: Mandate): MandateDraft {
    if (this.reading.named.isTooLong)
      return { mandate, constraints: [], unused: [{ text: '', at: 0, why: 'the prompt is too long to be read' }] };
    if (mandate.grants === 'any') return this.result(mandate, [], 'the kind of task may do anything: name its actions');
    const parted = mandate.grants.map((grant, of) => this.parted(grant, of));
    // A mandate has a most number of grants; the last ones stay whole.
    let count = parted.reduce((sum, { parts }) => sum + parts.length, 0);
    for (let i = parted.length - 1; i >= 0 && count > MAX_GRANTS; i -= 1) {
      const { parts, constraints } = parted[i] as Parted;
      count -= parts.length - 1;
      parted[i] = whole(mandate.grants[i] as Grant, i);
      for (const { named } of constraints) this.explainAll(named, `a mandate has at most ${MAX_GRANTS} elements`);
    }
    const drafted = madeOfParts(
      mandate,
      parted.flatMap(({ parts }) => parts),
    );
    if (drafted === undefined) return this.result(mandate, [], NOT_TAKEN);
    const noted = parted.flatMap(({ constraints }) => constraints);
    return this.result(noted.length === 0 ? mandate : drafted, noted, NOT_TAKEN);
  }

  private result(mandate: Mandate, noted: readonly Noted[], why: string): MandateDraft {
    const { values, unclear } = this.reading.named;
    const used = new Set(noted.flatMap(({ named }) => named));
    const unused = [
      ...values
        .filter((one) => !used.has(one))
        .map((one) => ({ text: one.text, at: one.at, why: this.why.get(one) ?? why })),
      ...unclear.map(({ text, at, why: reason }: UnclearValue) => ({ text, at, why: reason })),
    ];
    return {
      mandate,
      constraints: noted.map(({ drafted }) => drafted),
      unused: unused.sort((a, b) => a.at - b.at),
    };
  }

  /** Returns a grant in parts: one for each action that the prompt constrains, and one for the others. */
  private parted(grant: Grant, of: number): Parted {
    const { caps: _, ...terms } = grant;
    const actions = this.actionsOf(grant);
    if (actions.length > MAX_ACTIONS) return whole(grant, of);
    const narrowed: GrantPart[] = [];
    const others: string[] = [];
    const constraints: Noted[] = [];
    for (const action of actions) {
      const narrower = this.narrower(action, terms);
      if (narrower === undefined) others.push(action);
      else {
        narrowed.push({ of, terms: { ...narrower.terms, actions: [action] } });
        constraints.push(...narrower.constraints);
      }
    }
    if (narrowed.length === 0) return whole(grant, of);
    const rest: GrantPart[] = others.length === 0 ? [] : [{ of, terms: { ...terms, actions: others } }];
    return { parts: [...rest, ...narrowed], constraints };
  }

  /** Returns the actions that a grant covers; those of the schema if it names effects alone. */
  private actionsOf({ actions, effects = [] }: Grant): readonly string[] {
    if (actions !== undefined) return actions;
    return [...this.parts.actions.keys()].filter((name) => {
      const tool = this.parts.tool(name);
      return tool.isDescribed && tool.effects.length > 0 && tool.effects.every((effect) => effects.includes(effect));
    });
  }

  /** Returns the terms of a grant for one action, narrowed to what the prompt names; undefined if it names nothing for it. */
  private narrower(
    action: string,
    terms: GrantPart['terms'],
  ): { readonly terms: GrantPart['terms']; readonly constraints: readonly Noted[] } | undefined {
    const [tool, declared] = [this.parts.tool(action), this.parts.actions.get(action)];
    if (declared === undefined || !tool.isDescribed || tool.effects.every((effect) => effect === 'read'))
      return undefined;
    const { constraints, not } = argumentConstraints(tool, declared, this.reading);
    for (const one of not) this.explain(one);
    const input: Record<string, Constraint> = { ...terms.input };
    const noted: Noted[] = [];
    for (const { argument, constraint, named } of constraints) {
      const joined = both(own(terms.input, argument), constraint);
      if (joined === undefined) this.explainAll(named, `${action} may not have it as ${argument} in this kind of task`);
      else {
        input[argument] = joined;
        noted.push({ drafted: { action, argument, constraint: joined, words: wordsOf(named) }, named });
      }
    }
    const resources = this.narrowedResources(terms.resources);
    if (resources !== undefined) {
      const { uids, named } = resources;
      noted.push({ drafted: { action, constraint: uids, words: wordsOf(named) }, named });
    }
    if (noted.length === 0) return undefined;
    return {
      terms: {
        ...terms,
        ...(Object.keys(input).length === 0 ? {} : { input }),
        ...(resources === undefined ? {} : { resources: resources.uids }),
      },
      constraints: noted,
    };
  }

  /** Returns the resources with each type that the prompt names ids of as these; undefined if it names none. */
  private narrowedResources(
    resources: readonly string[] | undefined,
  ): { readonly uids: string[]; readonly named: readonly NamedValue[] } | undefined {
    const named: NamedValue[] = [];
    const uids = (resources ?? []).flatMap((resource) => {
      if (parseUid(resource) !== undefined) return [resource];
      const type = resource.split('::').at(-1) ?? resource;
      const found = this.reading.ids(nounsOf('', type), ({ text }) => !/\s/.test(text));
      if (found === undefined) return [resource];
      if ('why' in found) {
        this.explain({ argument: resource, kind: 'id', why: found.why });
        return [resource];
      }
      named.push(...found.values);
      return found.values.map(({ value }) => uidText({ type: resource, id: value }));
    });
    return named.length > 0 && uids.length <= MAX_ACTIONS ? { uids, named } : undefined;
  }

  private explain({ kind, why }: NotConstrained): void {
    this.explainAll(
      this.reading.named.values.filter((one) => one.kind === kind),
      why,
    );
  }

  private explainAll(named: readonly NamedValue[], why: string): void {
    for (const one of named) if (!this.why.has(one)) this.why.set(one, why);
  }
}

function whole({ caps: _, ...terms }: Grant, of: number): Parted {
  return { parts: [{ of, terms }], constraints: [] };
}

/** Returns what two constraints both allow; undefined if that is nothing. */
function both(first: Constraint | undefined, second: Constraint): Constraint | undefined {
  if (first === undefined) return second;
  const isOptional = first.optional === true && second.optional === true ? { optional: true as const } : {};
  const min = highest(first.min, second.min);
  const max = lowest(first.max, second.max);
  if (min !== undefined && max !== undefined && min > max) return undefined;
  const bounds = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  const lists = [first.one_of, second.one_of].filter((list) => list !== undefined);
  if (lists.length === 0) return { ...bounds, ...isOptional };
  const values = (lists[0] as NonNullable<Constraint['one_of']>).filter(
    (value) => lists.every((list) => list.includes(value)) && isBetween(value, bounds),
  );
  return values.length === 0 ? undefined : { one_of: values, ...bounds, ...isOptional };
}

function highest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function lowest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function wordsOf(named: readonly NamedValue[]): Words[] {
  return named.map(({ text, at }) => ({ text, at }));
}
