import { z } from 'zod';
import type { TokenExchange } from '../../decide/delegation/exchange.js';
import { DETAILS_TYPE } from '../../lib/authorization-details.js';
import { ExchangeError } from '../../provenance/errors.js';
import type { Grant } from '../../provenance/mandate.js';
import { scopeIn } from '../../provenance/transaction-token.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

interface ProposalParts {
  readonly propose: TokenExchange['propose'];
}

type MandateProposal = Awaited<ReturnType<TokenExchange['propose']>>;

const proposer = z.enum(['words', 'planner']);
const words = { text: z.string(), at: z.int() };

/** How a mandate is narrowed to a prompt. */
export const proposalShape = z.object({
  /** The means, in the order in which each narrowed what the one before left. */
  by: z.array(proposer),
  /** The planner that was asked. */
  planner: z.string().optional(),
  constraints: z.array(
    z.object({
      action: z.string(),
      /** Absent if the constraint is on the resource. */
      argument: z.string().optional(),
      constraint: z.unknown(),
      /** The words of the prompt that it came from, and where they are in it (UTF-16 units). */
      words: z.array(z.object(words)),
    }),
  ),
  /** The words that constrain nothing, and why. */
  unused: z.array(z.object({ ...words, why: z.string() })),
});
const proposedShape = proposalShape.extend({
  kind: z.string(),
  /** To ask for in the exchange; absent if the kind of task restricts nothing. */
  authorization_details: z.array(z.record(z.string(), z.unknown())).optional(),
});

/** Returns a proposal as callers see it. */
export function shownProposal({ by, planner, constraints, unused }: MandateProposal): z.output<typeof proposalShape> {
  return {
    by: [...by],
    ...(planner === undefined ? {} : { planner }),
    constraints: constraints.map(({ action, argument, constraint, words }) => ({
      action,
      ...(argument === undefined ? {} : { argument }),
      constraint,
      words: [...words],
    })),
    unused: [...unused],
  };
}

/**
 * Returns grants as an exchange asks for them. The caps of the kind are left out, because a narrower element inherits them; those of a
 * plan are asked for. Undefined if several elements count together by the plan, which nobody can ask for.
 */
function askedDetails(grants: readonly Grant[], planned: string | undefined): Record<string, unknown>[] | undefined {
  const seen = new Set<string>();
  const details: Record<string, unknown>[] = [];
  for (const { caps, ...terms } of grants) {
    const own = planned === undefined ? undefined : caps.find(({ id }) => id.startsWith(`${planned}#`));
    if (own !== undefined && seen.has(own.id)) return undefined;
    if (own !== undefined) seen.add(own.id);
    const { id: _, ...quantities } = own ?? { id: '' };
    details.push({ type: DETAILS_TYPE, ...terms, ...quantities });
  }
  return details;
}

/** `/v1/task-proposals`: the mandate that a task could have by its prompt. It starts nothing, and the prompt is not kept. */
export function proposalRoutes({ propose }: ProposalParts): Route[] {
  return [
    route({
      method: 'POST',
      url: '/v1/task-proposals',
      operationId: 'proposeMandate',
      tag: 'Tokens',
      summary: 'Propose a mandate for a task by the words of its prompt, within its kind',
      access: { kind: 'caller' },
      body: z.object({
        scope: z.string().min(1).max(1_024),
        prompt: z.string().max(256 * 1_024),
        /** The means; by default those of the kind of task, or else `words`. */
        by: z.array(proposer).min(1).max(2).optional(),
      }),
      answers: {
        200: { description: 'The proposal', shape: proposedShape },
        422: {
          description:
            'The scope chooses several kinds of task, or the planner proposes nothing, or more than the kind',
        },
      },
      async handle({ body, caller }) {
        if (!caller.mayExchange()) throw new Problem(403, `${caller.enforcementPoint} may not exchange tokens`);
        const proposal = await proposed(body.scope, body.prompt, body.by);
        const { kind, grants } = proposal.mandate;
        if (grants === 'any') return { kind, ...shownProposal(proposal) };
        const details = askedDetails(grants, proposal.planned);
        return {
          kind,
          ...(details === undefined ? {} : { authorization_details: details }),
          ...shownProposal(proposal),
        };
      },
    }),
  ];

  async function proposed(
    scope: string,
    prompt: string,
    by: MandateProposal['by'] | undefined,
  ): Promise<MandateProposal> {
    try {
      return await propose(scopeIn(scope), prompt, by);
    } catch (error) {
      if (error instanceof ExchangeError) throw new Problem(422, error.message);
      throw error;
    }
  }
}
