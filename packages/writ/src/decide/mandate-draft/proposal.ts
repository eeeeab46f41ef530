import { ExchangeError } from '../../provenance/errors.js';
import { detailsOf, type Mandate, narrowed } from '../../provenance/mandate.js';
import type { PolicyPlane } from '../plane.js';
import type { Planner } from '../planner/planner.js';
import { type DraftedConstraint, draftMandate, type UnusedWords } from './draft-mandate.js';

/** The means that a mandate is narrowed to a prompt by. */
export type Proposer = 'words' | 'planner';

/** A mandate for a task that starts with a prompt, within the mandate of its kind. */
export interface MandateProposal {
  /** The same mandate if nothing narrows it. */
  readonly mandate: Mandate;
  /** The means, in the order in which each narrowed what the one before left. */
  readonly by: readonly Proposer[];
  /** The name of the planner; undefined if none was asked. */
  readonly planner?: string;
  /** The id that the quantities of a plan count under. */
  readonly planned?: string;
  readonly constraints: readonly DraftedConstraint[];
  readonly unused: readonly UnusedWords[];
}

/** The parts that proposals are made with. */
interface ProposalParts {
  readonly plane: Pick<PolicyPlane, 'actions' | 'tools'>;
  /** Returns the planner of the bundle; undefined if it declares none. */
  readonly planner: () => Planner | undefined;
  /** Names where the quantities of a plan count. */
  readonly nextId: () => string;
}

/**
 * Returns a mandate narrowed to a prompt, by each means in turn.
 *
 * @throws {ExchangeError} if the planner proposes nothing, or more than the mandate
 */
export async function proposalOf(
  prompt: string,
  whole: Mandate,
  by: readonly Proposer[],
  parts: ProposalParts,
): Promise<MandateProposal> {
  let proposal: MandateProposal = { mandate: whole, by, constraints: [], unused: [] };
  for (const one of by) {
    const { mandate } = proposal;
    proposal =
      one === 'words'
        ? { ...proposal, ...narrowedByWords(prompt, mandate, parts.plane) }
        : { ...proposal, ...(await plannedMandate(prompt, mandate, parts)) };
  }
  return proposal;
}

/** Returns a mandate narrowed to the values that a prompt names. */
export function narrowedByWords(
  prompt: string,
  whole: Mandate,
  { actions, tools }: ProposalParts['plane'],
): ReturnType<typeof draftMandate> {
  return draftMandate(prompt, whole, { actions, tool: (name) => tools.of(name) });
}

/** Returns the mandate that the planner proposes, if it is within the one that there is. */
async function plannedMandate(
  prompt: string,
  whole: Mandate,
  { plane, planner: get, nextId }: ProposalParts,
): Promise<Pick<MandateProposal, 'mandate' | 'planner' | 'planned'>> {
  const planner = get();
  if (planner === undefined) throw new ExchangeError('access_denied', 'the bundle has no planner to propose a mandate');
  const plan = await planner.plan({
    prompt,
    kind: whole.kind,
    authorization_details: detailsOf(whole)?.map(({ caps: _, ...terms }) => terms) ?? null,
    tools: toolsFor(whole, plane),
  });
  const planned = nextId();
  const result = narrowed(whole, plan, planned);
  if ('mandate' in result) return { mandate: result.mandate, planner: planner.shown, planned };
  const wider = JSON.stringify(result.wider).slice(0, 200);
  throw new ExchangeError(
    'invalid_authorization_details',
    `the planner (${planner.shown}) proposes more than the kind of task covers: ${wider}`,
  );
}

/** Returns the described tools that a mandate can cover. */
function toolsFor({ grants }: Mandate, { actions, tools }: ProposalParts['plane']) {
  const covered = (name: string, effects: readonly string[]): boolean =>
    grants === 'any' ||
    grants.some(
      (grant) =>
        (grant.actions?.includes(name) ?? true) && effects.every((effect) => grant.effects?.includes(effect) ?? true),
    );
  return [...actions.keys()].flatMap((name) => {
    const { isDescribed, effects, arguments: described } = tools.of(name);
    if (!isDescribed || !covered(name, effects)) return [];
    const roles = described.map(
      ({ path, role, kind }) => [path, kind === undefined ? { role } : { role, kind }] as const,
    );
    return [{ name, effects, arguments: Object.fromEntries(roles) }];
  });
}

/** Returns what is recorded of a proposal: where the words are, and never the words, because a prompt is not kept. */
export function recordedProposal({ by, planner, constraints, unused }: MandateProposal): Record<string, unknown> {
  return {
    by,
    ...(planner === undefined ? {} : { planner }),
    constraints: constraints.map(({ action, argument, words }) => ({
      action,
      ...(argument === undefined ? {} : { argument }),
      words: words.map(({ at, text }) => ({ at, length: text.length })),
    })),
    unused: unused.map(({ at, text }) => ({ at, length: text.length })),
  };
}
