import { uidText } from '@writ/cedar';
import { z } from 'zod';
import { explain } from '../../audit/explain.js';
import { timelineOf } from '../../audit/timeline.js';
import type { DecisionRecord } from '../../decide/record.js';
import { Problem } from '../problem.js';
import { type Route, route } from '../route.js';
import type { AdminParts } from './parts.js';

const record = z.record(z.string(), z.unknown());
const querySchema = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  /** The `next` of the page before. */
  before: z.string().max(64).optional(),
  result: z.enum(['allow', 'modify', 'step_up', 'defer', 'deny']).optional(),
  action: z.string().optional(),
  /** An identity of the delegation path, as `Type::"id"`. */
  identity: z.string().optional(),
  resource: z.string().optional(),
  policy: z.string().optional(),
});

/** `/v1/decisions`: what was decided, and why. */
export function decisionRoutes({ reader }: AdminParts): Route[] {
  const access = { kind: 'area', area: 'decisions', how: 'read' } as const;
  return [
    route({
      method: 'GET',
      url: '/v1/decisions',
      operationId: 'listDecisions',
      tag: 'Administration',
      summary: 'Decisions, the newest first',
      access,
      query: querySchema,
      answers: {
        200: {
          description: 'Decisions that match; `next` is there when there may be more, also on a page with none',
          shape: z.object({ decisions: z.array(record), next: z.string().optional() }),
        },
      },
      async handle({ query }) {
        const { decisions, next } = await reader.decisions(query.before, query.limit, (one) => matches(one, query));
        return { decisions, ...(next === undefined ? {} : { next }) };
      },
    }),
    route({
      method: 'GET',
      url: '/v1/decisions/:id',
      operationId: 'getDecision',
      tag: 'Administration',
      summary: 'One decision, with its outcome and an explanation',
      access,
      answers: {
        200: {
          description: 'The record',
          shape: z.object({ decision: record, outcome: record.optional(), explanation: z.string() }),
        },
        404: { description: 'There is no decision of that id' },
      },
      /** `timeline`: with what its task did before, for which the log is gone through. */
      query: z.object({ timeline: z.literal('true').optional() }),
      async handle({ params, query }) {
        const found = await reader.find(params.id ?? '');
        if (found === undefined) throw new Problem(404, `there is no decision ${params.id}`);
        const timeline = query.timeline === undefined ? undefined : await timelineOf(found.decision, reader);
        return { ...found, explanation: explain(found, timeline) };
      },
    }),
  ];
}

function matches(decision: DecisionRecord, query: z.output<typeof querySchema>): boolean {
  const { result, action, identity, resource, policy } = query;
  return (
    (result === undefined || decision.result === result) &&
    (action === undefined || decision.request.action.name === action) &&
    (resource === undefined || uidText(decision.request.resource) === resource) &&
    (policy === undefined || decision.reasons.some((reason) => reason.policy === policy)) &&
    (identity === undefined || (decision.provenance?.path ?? []).some((uid) => uidText(uid) === identity))
  );
}
