import { z } from 'zod';
import { explain } from '../../audit/explain/explain.js';
import { timelineOf } from '../../audit/explain/timeline.js';
import type { LogReader } from '../../audit/log/log-reader.js';
import type { DecisionSearch } from '../../audit/search/decision-search.js';
import type { DecisionRecord } from '../../decide/record.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';
import type { KnownParts } from './known-targets.js';
import { unknownTermShape, unknownTerms } from './unknown-terms.js';

export interface DecisionParts extends KnownParts {
  readonly reader: LogReader;
  readonly search: DecisionSearch;
  /** Evaluates a recorded decision on the policies that are served: what would have given the other answer, and in words. */
  readonly account: (decision: DecisionRecord) => {
    readonly alternatives: readonly object[];
    readonly lines: readonly string[];
  };
}

const record = z.record(z.string(), z.unknown());
const time = z.iso.datetime({ offset: true });
const name = z.string().max(4_096).optional();
const querySchema = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  /** The `next` of the page before. */
  before: z.string().max(64).optional(),
  /** From this time on. */
  since: time.optional(),
  /** Before this time. */
  until: time.optional(),
  result: z.enum(['allow', 'modify', 'step_up', 'defer', 'deny']).optional(),
  action: name,
  /** An identity of the delegation path, as `Type::"id"`. */
  identity: name,
  originator: name,
  /** The transaction, or the task as the enforcement point names it. */
  task: name,
  session: name,
  resource: name,
  policy: name,
  policyVersion: name,
  /** An MCP server, or `server/tool`. */
  tool: name,
  enforcementPoint: name,
});

/** `/v1/decisions`: decisions and their explanations. */
export function decisionRoutes(parts: DecisionParts): Route[] {
  const { reader, search, account } = parts;
  const access = { kind: 'area', area: 'decisions', how: 'read' } as const;
  return [
    route({
      method: 'GET',
      url: '/v1/decisions',
      operationId: 'listDecisions',
      tag: 'Administration',
      summary: 'List decisions, the newest first',
      access,
      query: querySchema,
      answers: {
        200: {
          description:
            'Decisions that match; `next` if there may be more, also on an empty page. `unknown` if nothing matches: the names of the query that no decision has',
          shape: z.object({
            decisions: z.array(record),
            next: z.string().optional(),
            unknown: z.array(unknownTermShape).optional(),
          }),
        },
      },
      async handle({ query }) {
        const { limit, before, since, until, ...terms } = query;
        const wanted = { ...terms, ...(since && { since: utc(since) }), ...(until && { until: utc(until) }) };
        const { decisions, next } = await search.find(wanted, limit, before);
        if (next !== undefined) return { decisions, next };
        if (decisions.length > 0 || before !== undefined) return { decisions };
        const unknown = await unknownTerms(parts, wanted);
        return { decisions, ...(unknown.length === 0 ? {} : { unknown }) };
      },
    }),
    route({
      method: 'GET',
      url: '/v1/decisions/:id',
      operationId: 'getDecision',
      tag: 'Administration',
      summary: 'Get a decision with its outcome and an explanation',
      access,
      answers: {
        200: {
          description: 'The record',
          shape: z.object({
            decision: record,
            outcome: record.optional(),
            explanation: z.string(),
            alternatives: z.array(z.record(z.string(), z.unknown())).optional(),
          }),
        },
        404: { description: 'There is no decision of that id' },
        410: { description: 'The decision is about an erased person' },
      },
      /** `timeline`: adds the earlier decisions of its task, which are searched in the log. */
      query: z.object({
        timeline: z.literal('true').optional(),
        /** Adds the conditions that decided, and the changes that would give the other answer. Costs some hundred evaluations. */
        alternatives: z.literal('true').optional(),
      }),
      async handle({ params, query }) {
        const found = await reader.find(params.id ?? '');
        if (found === undefined) throw await absent(params.id ?? '', reader);
        const timeline = query.timeline === undefined ? undefined : await timelineOf(found.decision, reader, search);
        if (query.alternatives === undefined) return { ...found, explanation: explain(found, timeline) };
        const { alternatives, lines } = account(found.decision);
        return { ...found, alternatives, explanation: explain(found, timeline, lines) };
      },
    }),
  ];
}

/** Returns a time as records write it, so that times compare as texts. */
function utc(given: string): string {
  return new Date(given).toISOString();
}

async function absent(id: string, reader: LogReader): Promise<Problem> {
  const entry = await reader.entry(id);
  if (entry?.kind !== 'erased') return new Problem(404, `there is no decision ${id}`);
  return new Problem(410, `the decision ${id} of ${entry.time} is about somebody who was erased`);
}
